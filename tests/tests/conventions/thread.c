/* Which thread may use what. */
#include "driver.h"

#include <dirent.h>

#define THREADS 4

static void *look_around(void *argument) {
  vil_world_t *world = (vil_world_t *)argument;
  for (int i = 0; i < 200; i++) {
    vil_audit_t audit = {sizeof audit, 0, 0, 0, 0, 0, 0, 0};
    vil_route_info_t route = {sizeof route, 0, "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
    uint32_t count = 0;
    GOES(vil_world_audit(world, &audit));
    CHECK(audit.leaked_slots == 0);
    GOES(vil_world_route_count(world, &count));
    CHECK(count == 3);
    GOES(vil_world_route_info(world, (uint32_t)i % count, &route));
    GOES(vil_world_cancel(world));
  }
  return NULL;
}

static void *fingerprint(void *argument) {
  uint8_t out[32];
  for (int i = 0; i < 200; i++) GOES(vil_program_fingerprint((vil_program_t *)argument, out));
  return NULL;
}

static void any_thread_may_use_a_world(void) {
  vil_world_t *world = attached(&notebook_writer_contract);
  vil_program_t *parsed = program();
  pthread_t threads[2 * THREADS];
  for (int i = 0; i < THREADS; i++) {
    CHECK(pthread_create(&threads[2 * i], NULL, look_around, world) == 0);
    CHECK(pthread_create(&threads[2 * i + 1], NULL, fingerprint, parsed) == 0);
  }
  for (int i = 0; i < 2 * THREADS; i++) CHECK(pthread_join(threads[i], NULL) == 0);
  GOES(vil_program_close(parsed));
  GOES(vil_world_close(world));
}

typedef struct ends {
  notebook_t book;
  vil_queue_t *producer, *consumer;
  vil_loan_t loan;
  vil_message_t message;
  vil_heap_t *heap;
  vil_block_t block;
} ends_t;

static void *not_mine(void *argument) {
  ends_t *ends = (ends_t *)argument;
  vil_loan_t loan = {NULL, 0, 0, 0};
  vil_message_t message = {NULL, 0, 0, 0, 0, 0};
  vil_block_t block = {NULL, 0, 0};
  uint64_t count = 0;
  uint32_t depth = 0;
  size_t done = 0;
  const notebook_note_t note = {0, 0};
  notebook_note_t copy;
  SAYS(VIL_E_BUSY, vil_sender_loan(ends->book.sender, &loan));
  SAYS(VIL_E_BUSY, vil_sender_publish(ends->book.sender, &ends->loan));
  SAYS(VIL_E_BUSY, vil_sender_discard(ends->book.sender, &ends->loan));
  SAYS(VIL_E_BUSY, vil_sender_loan_batch(ends->book.sender, &loan, 1, &done));
  SAYS(VIL_E_BUSY, vil_sender_publish_batch(ends->book.sender, &ends->loan, 1, &done));
  SAYS(VIL_E_BUSY, vil_sender_send(ends->book.sender, &note, sizeof note));
  SAYS(VIL_E_BUSY, vil_sender_send_batch(ends->book.sender, &note, sizeof note, 1, &done));
  SAYS(VIL_E_BUSY, vil_sender_published(ends->book.sender, &count));
  SAYS(VIL_E_BUSY, vil_sender_close(ends->book.sender));
  SAYS(VIL_E_BUSY, vil_receiver_receive(ends->book.receiver, 0, &message));
  SAYS(VIL_E_BUSY, vil_receiver_release(ends->book.receiver, &ends->message));
  SAYS(VIL_E_BUSY, vil_receiver_receive_batch(ends->book.receiver, 0, &message, 1, &done));
  SAYS(VIL_E_BUSY, vil_receiver_release_batch(ends->book.receiver, &ends->message, 1, &done));
  SAYS(VIL_E_BUSY, vil_receiver_read(ends->book.receiver, 0, &copy, sizeof copy));
  SAYS(VIL_E_BUSY, vil_receiver_read_batch(ends->book.receiver, 0, &copy, sizeof copy, 1, &done));
  SAYS(VIL_E_BUSY, vil_receiver_received(ends->book.receiver, &count));
  SAYS(VIL_E_BUSY, vil_receiver_close(ends->book.receiver));
  SAYS(VIL_E_BUSY, vil_queue_push(ends->producer, &ends->block));
  SAYS(VIL_E_BUSY, vil_queue_push_batch(ends->producer, &ends->block, 1, &done));
  SAYS(VIL_E_BUSY, vil_queue_depth(ends->producer, &depth));
  SAYS(VIL_E_BUSY, vil_queue_close(ends->producer));
  SAYS(VIL_E_BUSY, vil_queue_pop(ends->consumer, 0, &block));
  SAYS(VIL_E_BUSY, vil_queue_pop_batch(ends->consumer, 0, &block, 1, &done));
  SAYS(VIL_E_BUSY, vil_queue_close(ends->consumer));
  return NULL;
}

static void another_thread_gets_busy(void) {
  ends_t ends;
  vil_heap_t *heap = NULL;
  vil_heap_options_t options = {sizeof options, 0, NULL, NULL, 0, 1, 0, 0, 0, 0, 0, NULL};
  ends.book = notebook("notes");
  GOES(vil_heap_create("C-THREAD-2-heap", &options, &heap, NULL));
  GOES(vil_queue_open(heap, 0, VIL_PRODUCER, &ends.producer, NULL));
  GOES(vil_queue_open(heap, 0, VIL_CONSUMER, &ends.consumer, NULL));
  write_note(ends.book.sender, 1);
  ends.message = read_note(ends.book.receiver, 1);
  GOES(vil_sender_loan(ends.book.sender, &ends.loan));
  GOES(vil_heap_alloc(heap, 64, 8, &ends.block, NULL));
  in_thread(not_mine, &ends);
  GOES(vil_sender_discard(ends.book.sender, &ends.loan)); /* nothing happened to what we hold */
  GOES(vil_receiver_release(ends.book.receiver, &ends.message));
  GOES(vil_queue_push(ends.producer, &ends.block));
  GOES(vil_queue_pop(ends.consumer, 0, &ends.block));
  GOES(vil_heap_free(heap, &ends.block));
  GOES(vil_queue_close(ends.producer));
  GOES(vil_queue_close(ends.consumer));
  GOES(vil_heap_close(heap));
  put_away(&ends.book);
}

static void *moved_here(void *argument) {
  ends_t *ends = (ends_t *)argument;
  vil_block_t block;
  vil_message_t message;
  GOES(vil_sender_move_to_thread(ends->book.sender));
  GOES(vil_receiver_move_to_thread(ends->book.receiver));
  GOES(vil_queue_move_to_thread(ends->producer));
  write_note(ends->book.sender, 2);
  message = read_note(ends->book.receiver, 2);
  GOES(vil_receiver_release(ends->book.receiver, &message));
  GOES(vil_heap_alloc(ends->heap, 64, 8, &block, NULL)); /* a heap is any thread's */
  GOES(vil_queue_push(ends->producer, &block));
  return NULL;
}

static void an_end_moves_to_the_calling_thread(void) {
  ends_t ends;
  vil_loan_t loan;
  vil_message_t message;
  vil_block_t block = {NULL, 0, 0};
  vil_heap_t *heap = NULL;
  vil_heap_options_t options = {sizeof options, 0, NULL, NULL, 0, 1, 0, 0, 0, 0, 0, NULL};
  ends.book = notebook("notes");
  GOES(vil_heap_create("C-THREAD-3-heap", &options, &heap, NULL));
  ends.heap = heap;
  GOES(vil_queue_open(heap, 0, VIL_PRODUCER, &ends.producer, NULL));
  in_thread(moved_here, &ends);
  SAYS(VIL_E_BUSY, vil_sender_loan(ends.book.sender, &loan)); /* it is theirs now */
  SAYS(VIL_E_BUSY, vil_receiver_receive(ends.book.receiver, 0, &message));
  SAYS(VIL_E_BUSY, vil_queue_push(ends.producer, &block));
  GOES(vil_sender_move_to_thread(ends.book.sender));
  GOES(vil_receiver_move_to_thread(ends.book.receiver));
  GOES(vil_queue_move_to_thread(ends.producer));
  GOES(vil_queue_close(ends.producer));
  GOES(vil_heap_close(heap));
  put_away(&ends.book);
}

static void *write_many(void *argument) {
  vil_sender_t *sender = NULL;
  GOES(vil_sender_open((vil_world_t *)argument, "notes", &sender, NULL));
  for (uint64_t i = 0; i < 10000; i++) {
    vil_loan_t loan;
    vil_status_t status = VIL_TIMEOUT;
    GOES(vil_sender_loan(sender, &loan));
    ((notebook_note_t *)loan.data)->number = i;
    ((notebook_note_t *)loan.data)->value = ~i;
    while (status == VIL_TIMEOUT) status = vil_sender_publish(sender, &loan);
    GOES(status);
  }
  GOES(vil_sender_close(sender));
  return NULL;
}

static void *read_many(void *argument) {
  vil_receiver_t *receiver = NULL;
  GOES(vil_receiver_open((vil_world_t *)argument, "notes", &receiver, NULL));
  for (uint64_t i = 0; i < 10000; i++) {
    vil_message_t message = read_note(receiver, i);
    GOES(vil_receiver_release(receiver, &message));
  }
  GOES(vil_receiver_close(receiver));
  return NULL;
}

static void ends_run_in_different_threads_at_once(void) {
  vil_world_t *writers = attached(&notebook_writer_contract), *readers = attached(&notebook_reader_contract);
  pthread_t writer, reader;
  CHECK(pthread_create(&writer, NULL, write_many, writers) == 0);
  CHECK(pthread_create(&reader, NULL, read_many, readers) == 0);
  CHECK(pthread_join(writer, NULL) == 0 && pthread_join(reader, NULL) == 0);
  GOES(vil_world_close(writers));
  GOES(vil_world_close(readers));
}

static int threads_now(void) {
  DIR *dir = opendir("/proc/self/task");
  int count = 0;
  CHECK(dir != NULL);
  while (readdir(dir) != NULL) count++;
  closedir(dir);
  return count - 2;
}

static void no_thread_and_no_handler_is_ours(void) {
  struct sigaction before[65], after;
  sigset_t blocked_before, blocked_after;
  for (int i = 1; i <= 64; i++) {
    memset(&before[i], 0, sizeof before[i]);
    (void)sigaction(i, NULL, &before[i]);
  }
  CHECK(pthread_sigmask(SIG_BLOCK, NULL, &blocked_before) == 0);
  notebook_t book = notebook("notes");
  vil_message_t message;
  write_note(book.sender, 1);
  message = read_note(book.receiver, 1);
  GOES(vil_receiver_release(book.receiver, &message));
  SAYS(VIL_TIMEOUT, vil_receiver_receive(book.receiver, SHORT_NS, &message));
  CHECK(threads_now() == 1);
  for (int i = 1; i <= 64; i++) {
    memset(&after, 0, sizeof after);
    (void)sigaction(i, NULL, &after);
    CHECK(after.sa_handler == before[i].sa_handler);
  }
  CHECK(pthread_sigmask(SIG_BLOCK, NULL, &blocked_after) == 0);
  for (int i = 1; i <= 64; i++) CHECK(sigismember(&blocked_before, i) == sigismember(&blocked_after, i));
  put_away(&book);
}

/* Is a signal blocked in every thread but the calling one? */
static int others_take_no_signal(void) {
  char path[300], line[300];
  DIR *dir = opendir("/proc/self/task");
  struct dirent *task;
  int all = 1;
  CHECK(dir != NULL);
  while ((task = readdir(dir)) != NULL) {
    unsigned long long blocked = 0;
    FILE *file;
    if (task->d_name[0] == '.' || atoi(task->d_name) == getpid()) continue;
    (void)snprintf(path, sizeof path, "/proc/self/task/%s/status", task->d_name);
    file = fopen(path, "r");
    if (file == NULL) continue;
    while (fgets(line, sizeof line, file) != NULL) (void)sscanf(line, "SigBlk: %llx", &blocked);
    fclose(file);
    all = all && (blocked >> (SIGUSR1 - 1) & 1) && (blocked >> (SIGINT - 1) & 1);
  }
  closedir(dir);
  return all;
}

static void the_one_thread_is_asked_for_and_takes_no_signal(void) {
  notebook_t book = notebook("notes");
  CHECK(threads_now() == 1);
  GOES(vil_registry_watch(book.writers, 1));
  CHECK(threads_now() == 2 && others_take_no_signal());
  GOES(vil_registry_watch(book.writers, 1000));
  CHECK(threads_now() == 2);
  GOES(vil_registry_unwatch(book.writers));
  CHECK(threads_now() == 1);
  SAYS(VIL_E_STATE, vil_registry_unwatch(book.writers));
  SAYS(VIL_E_ARGUMENT, vil_registry_watch(book.writers, 0));
  SAYS(VIL_E_ARGUMENT, vil_registry_watch(book.writers, 3600001));
  GOES(vil_registry_watch(book.writers, 1000));
  put_away(&book);
  CHECK(threads_now() == 1);
}

static const rule_t rules[] = {
    {"C-THREAD-1", any_thread_may_use_a_world},
    {"C-THREAD-2", another_thread_gets_busy},
    {"C-THREAD-3", an_end_moves_to_the_calling_thread},
    {"C-THREAD-4", ends_run_in_different_threads_at_once},
    {"C-THREAD-5", no_thread_and_no_handler_is_ours},
    {"C-THREAD-6", the_one_thread_is_asked_for_and_takes_no_signal},
};

RULES(rules)
