/* What the ways of a message, batches, caps and the trail promise. Every process of the program is played by this one. */
#include "driver.h"

#include "modes_camera.h"
#include "modes_screen.h"
#include "modes_worker.h"

static modes_camera_t camera;
static modes_worker_t worker;
static modes_screen_t screen;

static void begin(void) {
  GOES(modes_camera_open_or_create(&camera, the_world, NULL, NULL));
  GOES(modes_worker_open(&worker, the_world, NULL, NULL));
  GOES(modes_screen_open(&screen, the_world, NULL, NULL));
}

static void end(void) {
  GOES(modes_camera_close(&camera));
  GOES(modes_worker_close(&worker));
  GOES(modes_screen_close(&screen));
}

/* How often a kind of event stands in the trail. */
static int told(vil_world_t *world, uint32_t kind) {
  vil_event_t event;
  uint64_t cursor = 0;
  int count = 0;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  while (vil_registry_trail(world, &cursor, &event) == VIL_OK) count += event.kind == kind;
  return count;
}

static vil_message_t a_job(uint64_t number) {
  const modes_job_t job = {number, 0};
  vil_message_t message;
  GOES(vil_sender_send(camera.jobs, &job, sizeof job));
  GOES(vil_receiver_receive(worker.jobs, 0, &message));
  CHECK(((const modes_job_t *)message.data)->number == number);
  return message;
}

static void what_is_kept_is_read_on(void) {
  vil_loan_t loan, other;
  vil_message_t message;
  begin();
  GOES(vil_sender_loan(camera.still, &loan));
  modes_frame_t *const still = (modes_frame_t *)loan.data;
  still->number = 7;
  GOES(vil_sender_keep(camera.still, &loan));
  GOES(vil_receiver_receive(screen.still, 0, &message));
  GOES(vil_receiver_release(screen.still, &message));
  SAYS(VIL_E_LIMIT, vil_sender_loan(camera.still, &other)); /* it counts among the loans */
  CHECK(still->number == 7);
  GOES(vil_sender_release(camera.still, &loan));
  SAYS(VIL_E_STATE, vil_sender_release(camera.still, &loan));
  GOES(vil_sender_loan(camera.still, &loan));
  GOES(vil_sender_discard(camera.still, &loan));
  GOES(vil_sender_loan(camera.frames, &loan)); /* another transfer */
  SAYS(VIL_E_UNSUPPORTED, vil_sender_keep(camera.frames, &loan));
  GOES(vil_sender_discard(camera.frames, &loan));
  end();
}

static void what_is_taken_is_consumed(void) {
  begin();
  vil_message_t job = a_job(1);
  GOES(vil_receiver_consume(worker.jobs, &job));
  CHECK(job.data == NULL && job.ticket == 0);
  SAYS(VIL_E_STATE, vil_receiver_consume(worker.jobs, &job));
  job = a_job(2);
  SAYS(VIL_E_STATE, vil_receiver_release(worker.jobs, &job)); /* a fault, and it is gone all the same */
  CHECK(told(camera.world, VIL_EVENT_UNCONSUMED) == 1);
  SAYS(VIL_E_STATE, vil_receiver_consume(worker.jobs, &job));
  const modes_frame_t frame = {0};
  GOES(vil_sender_send(camera.frames, &frame, sizeof frame));
  GOES(vil_receiver_receive(screen.frames, 0, &job)); /* another transfer */
  SAYS(VIL_E_UNSUPPORTED, vil_receiver_consume(screen.frames, &job));
  GOES(vil_receiver_release(screen.frames, &job));
  end();
}

static void what_is_forwarded_is_not_copied(void) {
  vil_loan_t loan;
  vil_message_t frame, seen, other;
  begin();
  vil_message_t job = a_job(1);
  GOES(vil_receiver_forward(worker.jobs, &job, worker.done));
  CHECK(job.data == NULL && told(camera.world, VIL_EVENT_FORWARDED_TAKEN) == 1);
  SAYS(VIL_E_STATE, vil_receiver_forward(worker.jobs, &job, worker.done));
  GOES(vil_receiver_receive(screen.done, 0, &other));
  CHECK(((const modes_job_t *)other.data)->number == 1);
  GOES(vil_receiver_consume(screen.done, &other));
  for (uint64_t number = 0; number < 9; number++) { /* the ring it is forwarded into has eight cells */
    GOES(vil_sender_loan(camera.frames, &loan));
    ((modes_frame_t *)loan.data)->number = number;
    GOES(vil_sender_publish(camera.frames, &loan));
    GOES(vil_receiver_receive(screen.frames, 0, &other));
    GOES(vil_receiver_release(screen.frames, &other));
    GOES(vil_receiver_receive(worker.frames, 0, &frame));
    if (number < 8) GOES(vil_receiver_forward(worker.frames, &frame, worker.seen));
  }
  SAYS(VIL_FULL, vil_receiver_forward(worker.frames, &frame, worker.seen));
  CHECK(((const modes_frame_t *)frame.data)->number == 8); /* it is still in hand */
  GOES(vil_receiver_receive(screen.seen, 0, &seen));
  CHECK(((const modes_frame_t *)seen.data)->number == 0);
  GOES(vil_receiver_release(screen.seen, &seen));
  GOES(vil_receiver_forward(worker.frames, &frame, worker.seen));
  end();
}

static void an_answer_names_its_question(void) {
  modes_price_loan_t price;
  modes_price_msg_t questions[2];
  modes_quote_loan_t quote;
  modes_quote_msg_t answer;
  uint64_t numbers[2];
  begin();
  for (uint32_t item = 0; item < 2; item++) {
    GOES(modes_camera_quote_loan(&camera, &price));
    price.msg->item = item;
    GOES(modes_camera_quote_ask(&camera, &price, &numbers[item]));
    GOES(modes_worker_quote_receive(&worker, 0, &questions[item]));
  }
  for (uint32_t item = 2; item-- > 0;) { /* in any order */
    GOES(modes_worker_quote_loan(&worker, &quote));
    quote.msg->item = item;
    GOES(modes_worker_quote_answer(&worker, &quote, &questions[item]));
    GOES(modes_worker_quote_release(&worker, &questions[item]));
    GOES(modes_camera_quote_receive(&camera, 0, &answer));
    CHECK(answer.message.answers == numbers[item] && answer.msg->item == item);
    GOES(modes_camera_quote_release(&camera, &answer));
  }
  end();
}

static void a_full_ring_may_drop_its_oldest(void) {
  vil_message_t message;
  begin();
  for (uint32_t number = 0; number < 10; number++) { /* four cells */
    const modes_price_t level = {number};
    GOES(vil_sender_send(camera.level, &level, sizeof level));
  }
  for (uint32_t number = 6; number < 10; number++) {
    GOES(vil_receiver_receive(screen.level, 0, &message));
    CHECK(((const modes_price_t *)message.data)->item == number);
    GOES(vil_receiver_release(screen.level, &message));
  }
  SAYS(VIL_EMPTY, vil_receiver_receive(screen.level, 0, &message));
  CHECK(told(camera.world, VIL_EVENT_DROPPED_OLDEST) == 3); /* the first, the second and the fourth of six */
  end();
}

/* A heap of one class and a queue of four blocks, where one process may own six. */
static vil_heap_t *a_heap(vil_queue_t **in, vil_queue_t **out) {
  static const vil_block_class_t classes[] = {{64, 16}};
  static const vil_queue_shape_t queues[] = {{VIL_QUEUE_SPSC, 4, VIL_FULL_FAILS, 0}};
  vil_heap_options_t options;
  vil_heap_t *heap = NULL;
  memset(&options, 0, sizeof options);
  options.struct_size = sizeof options;
  options.classes = classes;
  options.queues = queues;
  options.class_count = 1;
  options.queue_count = 1;
  options.cap_blocks = 6;
  GOES(vil_heap_create(the_world, &options, &heap, NULL));
  GOES(vil_queue_open(heap, 0, VIL_PRODUCER, in, NULL));
  GOES(vil_queue_open(heap, 0, VIL_CONSUMER, out, NULL));
  return heap;
}

static void leave(vil_heap_t *heap, vil_queue_t *in, vil_queue_t *out) {
  GOES(vil_queue_close(in));
  GOES(vil_queue_close(out));
  GOES(vil_heap_close(heap));
}

static void a_batch_goes_as_far_as_it_can(void) {
  static vil_block_t many[VIL_BATCH_SIZE + 1];
  vil_queue_t *in = NULL, *out = NULL;
  vil_block_t blocks[6], popped[6];
  size_t done = 77;
  vil_heap_t *heap = a_heap(&in, &out);
  for (int i = 0; i < 6; i++) GOES(vil_heap_alloc(heap, 64, 8, &blocks[i], NULL));
  SAYS(VIL_FULL, vil_queue_push_batch(in, blocks, 6, &done));
  CHECK(done == 4 && blocks[3].data == NULL && blocks[4].data != NULL && blocks[5].data != NULL);
  GOES(vil_queue_pop_batch(out, VIL_FOREVER, popped, 3, &done)); /* waits for the first one only */
  CHECK(done == 3);
  GOES(vil_queue_push_batch(in, &blocks[4], 1, &done));
  CHECK(done == 1);
  GOES(vil_heap_free(heap, &popped[0]));
  GOES(vil_queue_pop_batch(out, VIL_FOREVER, popped, 6, &done));
  CHECK(done == 2);
  SAYS(VIL_EMPTY, vil_queue_pop_batch(out, 0, popped, 6, &done));
  CHECK(done == 0);
  SAYS(VIL_E_ARGUMENT, vil_queue_push_batch(in, blocks, 0, &done));
  SAYS(VIL_E_ARGUMENT, vil_queue_pop_batch(out, 0, many, VIL_BATCH_SIZE + 1, &done));
  leave(heap, in, out);
}

static void a_cap_holds_also_for_what_is_popped(void) {
  vil_queue_t *in = NULL, *out = NULL;
  vil_block_t blocks[7], popped;
  vil_error_t error;
  uint32_t depth = 0;
  vil_heap_t *heap = a_heap(&in, &out);
  for (int i = 0; i < 6; i++) GOES(vil_heap_alloc(heap, 64, 8, &blocks[i], NULL));
  SAYS(VIL_E_LIMIT, vil_heap_alloc(heap, 64, 8, &blocks[6], &error));
  CHECK(strstr(error.message, "6 blocks") != NULL);
  GOES(vil_queue_push(in, &blocks[0])); /* what was pushed is not owned any more */
  GOES(vil_heap_alloc(heap, 64, 8, &blocks[0], NULL));
  SAYS(VIL_E_LIMIT, vil_queue_pop(out, 0, &popped));
  GOES(vil_queue_depth(out, &depth));
  CHECK(depth == 1); /* it stays where it is */
  GOES(vil_heap_free(heap, &blocks[0]));
  GOES(vil_queue_pop(out, 0, &popped));
  leave(heap, in, out);
}

static void a_heap_s_cancel_ends_one_wait_of_each_queue(void) {
  vil_queue_t *in = NULL, *out = NULL;
  vil_block_t block;
  vil_heap_t *heap = a_heap(&in, &out);
  GOES(vil_heap_cancel(heap));
  SAYS(VIL_CANCELLED, vil_queue_pop(out, VIL_FOREVER, &block));
  SAYS(VIL_TIMEOUT, vil_queue_pop(out, SHORT_NS, &block));
  leave(heap, in, out);
}

static void a_cursor_is_the_readers_own(void) {
  vil_event_t event;
  uint64_t first = 0, second = 0, end = 0, seen = 0;
  vil_world_t *world = attached(NULL);
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  while (vil_registry_trail(world, &first, &event) == VIL_OK) CHECK(event.event == seen++);
  CHECK(seen == 1 && event.kind == VIL_EVENT_ATTACHED);
  SAYS(VIL_EMPTY, vil_registry_trail(world, &first, &event));
  GOES(vil_registry_trail_end(world, &end));
  CHECK(end == first);
  GOES(vil_registry_trail(world, &second, &event)); /* another reader begins with the oldest */
  CHECK(event.event == 0 && second == 1);
  vil_world_t *other = attached(NULL);
  GOES(vil_registry_trail(world, &end, &event));
  CHECK(event.event == 1 && event.kind == VIL_EVENT_ATTACHED && event.process == 1);
  GOES(vil_world_close(other));
  GOES(vil_world_close(world));
}

static void as_dying(void) {
  (void)attached(NULL);
  raise(SIGKILL);
}

static void only_the_dead_are_recovered(void) {
  uint32_t recovered = 77, count = 0;
  vil_world_t *world = attached(NULL);
  CHECK(ended(started("as-dying")) == -SIGKILL);
  SAYS(VIL_E_BUSY, vil_registry_recover(world, 0, &recovered)); /* that is this process */
  GOES(vil_registry_recover(world, 1, &recovered));
  CHECK(recovered == 1);
  GOES(vil_registry_recover(world, 1, &recovered)); /* nobody is in it any more */
  CHECK(recovered == 0);
  GOES(vil_registry_recover(world, 1, NULL));
  GOES(vil_registry_count(world, &count));
  SAYS(VIL_E_ARGUMENT, vil_registry_recover(world, count, &recovered));
  GOES(vil_world_close(world));
}

static const rule_t rules[] = {
    {"C-MODE-1", what_is_kept_is_read_on},
    {"C-MODE-2", what_is_taken_is_consumed},
    {"C-MODE-3", what_is_forwarded_is_not_copied},
    {"C-MODE-4", an_answer_names_its_question},
    {"C-MODE-5", a_full_ring_may_drop_its_oldest},
    {"C-HEAP-1", a_batch_goes_as_far_as_it_can},
    {"C-HEAP-2", a_cap_holds_also_for_what_is_popped},
    {"C-HEAP-3", a_heap_s_cancel_ends_one_wait_of_each_queue},
    {"C-REG-1", a_cursor_is_the_readers_own},
    {"C-REG-2", only_the_dead_are_recovered},
    {"as-dying", as_dying},
};

RULES(rules)
