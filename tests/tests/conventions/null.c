/* NULL where it is allowed, and where it is not. */
#include "driver.h"

/* Every function that takes a handle; the test outside compares with vil.h, so that none is forgotten. */
static void a_null_handle_is_refused(void) {
  vil_program_t *parsed = program();
  vil_sender_t *sender = NULL;
  vil_receiver_t *receiver = NULL;
  vil_queue_t *queue = NULL;
  vil_audit_t audit = {sizeof audit, 0, 0, 0, 0, 0, 0, 0};
  vil_route_info_t route = {sizeof route, 0, "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  vil_process_info_t process = {sizeof process, 0, 0, ""};
  vil_registry_entry_t entry = {sizeof entry, 0, 0, 0, 0, 0, ""};
  vil_event_t event = {sizeof event, 0, "", 0, 0, 0, 0, 0, 0, 0, 0, 0, 0};
  vil_loan_t loan = {NULL, 0, 0, 0};
  vil_message_t message = {NULL, 0, 0, 0, 0, 0};
  vil_world_t *world = NULL;
  uint8_t fingerprint[32];
  uint64_t count = 0;
  uint32_t small = 0;
  size_t index = 0;
  vil_waitset_t *set = NULL;
  int descriptor = 0;
  const char data[16] = "";
  SAYS(VIL_E_HANDLE, vil_program_close(NULL));
  SAYS(VIL_E_HANDLE, vil_program_fingerprint(NULL, fingerprint));
  SAYS(VIL_E_HANDLE, vil_world_create(the_world, NULL, NULL, NULL, &world, NULL));
  SAYS(VIL_E_HANDLE, vil_world_open_or_create(the_world, NULL, NULL, NULL, &world, NULL));
  SAYS(VIL_E_HANDLE, vil_world_close(NULL));
  SAYS(VIL_E_HANDLE, vil_world_cancel(NULL));
  SAYS(VIL_E_HANDLE, vil_world_recover(NULL, &small));
  SAYS(VIL_E_HANDLE, vil_world_audit(NULL, &audit));
  SAYS(VIL_E_HANDLE, vil_world_route_count(NULL, &small));
  SAYS(VIL_E_HANDLE, vil_world_route_info(NULL, 0, &route));
  SAYS(VIL_E_HANDLE, vil_world_process_count(NULL, &small));
  SAYS(VIL_E_HANDLE, vil_world_process_info(NULL, 0, &process));
  SAYS(VIL_E_HANDLE, vil_registry_count(NULL, &small));
  SAYS(VIL_E_HANDLE, vil_registry_entry(NULL, 0, &entry));
  SAYS(VIL_E_HANDLE, vil_registry_slots(NULL, 0, &small));
  SAYS(VIL_E_HANDLE, vil_registry_ends(NULL, 0, 0, &small));
  SAYS(VIL_E_HANDLE, vil_registry_recover(NULL, 0, &small));
  SAYS(VIL_E_HANDLE, vil_registry_trail(NULL, &count, &event));
  SAYS(VIL_E_HANDLE, vil_registry_trail_end(NULL, &count));
  SAYS(VIL_E_HANDLE, vil_registry_watch(NULL, 100));
  SAYS(VIL_E_HANDLE, vil_registry_unwatch(NULL));
  SAYS(VIL_E_HANDLE, vil_sender_open(NULL, "notes", &sender, NULL));
  SAYS(VIL_E_HANDLE, vil_sender_open_within(NULL, "notes", 0, &sender, NULL));
  SAYS(VIL_E_HANDLE, vil_sender_keep(NULL, &loan));
  SAYS(VIL_E_HANDLE, vil_sender_release(NULL, &loan));
  SAYS(VIL_E_HANDLE, vil_sender_answer(NULL, &loan, &message));
  SAYS(VIL_E_HANDLE, vil_sender_close(NULL));
  SAYS(VIL_E_HANDLE, vil_sender_loan(NULL, &loan));
  SAYS(VIL_E_HANDLE, vil_sender_publish(NULL, &loan));
  SAYS(VIL_E_HANDLE, vil_sender_discard(NULL, &loan));
  SAYS(VIL_E_HANDLE, vil_sender_send(NULL, data, sizeof data));
  SAYS(VIL_E_HANDLE, vil_sender_published(NULL, &count));
  SAYS(VIL_E_HANDLE, vil_sender_move_to_thread(NULL));
  SAYS(VIL_E_HANDLE, vil_receiver_open(NULL, "notes", &receiver, NULL));
  SAYS(VIL_E_HANDLE, vil_receiver_open_within(NULL, "notes", 0, &receiver, NULL));
  SAYS(VIL_E_HANDLE, vil_receiver_consume(NULL, &message));
  SAYS(VIL_E_HANDLE, vil_receiver_forward(NULL, &message, sender));
  SAYS(VIL_E_HANDLE, vil_receiver_close(NULL));
  SAYS(VIL_E_HANDLE, vil_receiver_receive(NULL, 0, &message));
  SAYS(VIL_E_HANDLE, vil_receiver_release(NULL, &message));
  SAYS(VIL_E_HANDLE, vil_receiver_received(NULL, &count));
  SAYS(VIL_E_HANDLE, vil_receiver_move_to_thread(NULL));
  SAYS(VIL_E_HANDLE, vil_receiver_wait_any(&receiver, 1, 0, &index));
  SAYS(VIL_E_HANDLE, vil_waitset_create(NULL, &set, NULL));
  SAYS(VIL_E_HANDLE, vil_waitset_close(NULL));
  SAYS(VIL_E_HANDLE, vil_waitset_add(NULL, NULL, 0, NULL));
  SAYS(VIL_E_HANDLE, vil_waitset_add_sender(NULL, NULL, 0, NULL));
  SAYS(VIL_E_HANDLE, vil_waitset_remove(NULL, NULL));
  SAYS(VIL_E_HANDLE, vil_waitset_remove_sender(NULL, NULL));
  SAYS(VIL_E_HANDLE, vil_waitset_wait(NULL, 0, &count));
  SAYS(VIL_E_HANDLE, vil_waitset_fd(NULL, &descriptor, NULL));
  SAYS(VIL_E_HANDLE, vil_waitset_cancel(NULL));
  SAYS(VIL_E_HANDLE, vil_waitset_move_to_thread(NULL));
  SAYS(VIL_E_HANDLE, vil_heap_close(NULL));
  SAYS(VIL_E_HANDLE, vil_heap_audit(NULL, &audit));
  SAYS(VIL_E_HANDLE, vil_queue_open(NULL, 0, VIL_PRODUCER, &queue, NULL));
  SAYS(VIL_E_HANDLE, vil_queue_close(NULL));
  SAYS(VIL_E_HANDLE, vil_queue_loan(NULL, &loan));
  SAYS(VIL_E_HANDLE, vil_queue_discard(NULL, &loan));
  SAYS(VIL_E_HANDLE, vil_queue_push(NULL, &loan));
  SAYS(VIL_E_HANDLE, vil_queue_pop(NULL, 0, &message));
  SAYS(VIL_E_HANDLE, vil_queue_release(NULL, &message));
  SAYS(VIL_E_HANDLE, vil_queue_move_to_thread(NULL));
  GOES(vil_program_close(parsed));
}

static void a_null_error_is_allowed(void) {
  vil_world_t *world = attached(&notebook_writer_contract);
  vil_world_t *other = NULL;
  vil_program_t *parsed = NULL;
  vil_sender_t *sender = NULL;
  vil_receiver_t *receiver = NULL;
  vil_heap_t *heap = NULL;
  vil_heap_options_t options = {sizeof options, 64, 1, 8, 0, 0, NULL};
  SAYS(VIL_E_PROGRAM, vil_program_parse("{", 1, &parsed, NULL));
  SAYS(VIL_E_NOT_FOUND, vil_world_open("nowhere", NULL, NULL, &other, NULL));
  SAYS(VIL_E_NOT_FOUND, vil_world_unlink("nowhere", NULL, NULL));
  SAYS(VIL_E_NOT_FOUND, vil_sender_open(world, "nowhere", &sender, NULL));
  SAYS(VIL_E_NOT_FOUND, vil_receiver_open(world, "nowhere", &receiver, NULL));
  SAYS(VIL_E_NOT_FOUND, vil_heap_open("nowhere", &options, &heap, NULL));
  SAYS(VIL_E_NAME, vil_heap_create("", &options, &heap, NULL));
  SAYS(VIL_E_NAME, vil_heap_open_or_create("", &options, &heap, NULL));
  GOES(vil_world_close(world));
}

static void null_options_and_contract_are_defaults(void) {
  vil_program_t *parsed = program();
  vil_world_t *made = NULL, *looked_at = NULL;
  vil_sender_t *sender = NULL;
  vil_receiver_t *receiver = NULL;
  vil_audit_t audit = {sizeof audit, 0, 0, 0, 0, 0, 0, 0};
  GOES(vil_world_create(the_world, parsed, NULL, NULL, &made, NULL));
  GOES(vil_world_open(the_world, NULL, NULL, &looked_at, NULL));
  GOES(vil_world_recover(looked_at, NULL));
  GOES(vil_world_audit(looked_at, &audit));
  CHECK(audit.slots > 0 && audit.free_slots == audit.slots);
  CHECK(vil_sender_open(looked_at, "notes", &sender, NULL) < 0);
  CHECK(vil_receiver_open(looked_at, "notes", &receiver, NULL) < 0);
  GOES(vil_world_close(looked_at));
  GOES(vil_world_close(made));
  GOES(vil_program_close(parsed));
}

static void any_other_null_is_an_argument(void) {
  notebook_t book = notebook("notes");
  vil_program_t *parsed = NULL;
  vil_world_t *world = NULL;
  vil_sender_t *sender = NULL;
  vil_receiver_t *receiver = NULL;
  vil_heap_t *heap = NULL;
  vil_queue_t *queue = NULL;
  vil_heap_options_t options = {sizeof options, 64, 1, 8, 0, 0, NULL};
  uint64_t count = 0;
  size_t index = 0;
  SAYS(VIL_E_ARGUMENT, vil_program_parse(NULL, 0, &parsed, NULL));
  parsed = program();
  SAYS(VIL_E_ARGUMENT, vil_program_parse("{}", 2, NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_program_fingerprint(parsed, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_open(NULL, NULL, NULL, &world, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_open(the_world, NULL, NULL, NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_create(NULL, parsed, NULL, NULL, &world, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_create("other", parsed, NULL, NULL, NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_open_or_create(NULL, parsed, NULL, NULL, &world, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_unlink(NULL, NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_audit(book.writers, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_route_count(book.writers, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_route_info(book.writers, 0, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_process_count(book.writers, NULL));
  SAYS(VIL_E_ARGUMENT, vil_world_process_info(book.writers, 0, NULL));
  SAYS(VIL_E_ARGUMENT, vil_registry_count(book.writers, NULL));
  SAYS(VIL_E_ARGUMENT, vil_registry_entry(book.writers, 0, NULL));
  SAYS(VIL_E_ARGUMENT, vil_registry_slots(book.writers, 0, NULL));
  SAYS(VIL_E_ARGUMENT, vil_registry_ends(book.writers, 0, 0, NULL));
  SAYS(VIL_E_ARGUMENT, vil_registry_trail(book.writers, NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_registry_trail(book.writers, &count, NULL));
  SAYS(VIL_E_ARGUMENT, vil_registry_trail_end(book.writers, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_open(book.writers, NULL, &sender, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_open(book.writers, "spill", NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_open_within(book.writers, NULL, 0, &sender, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_open_within(book.writers, "spill", 0, NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_keep(book.sender, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_release(book.sender, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_answer(book.sender, NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_open_within(book.readers, NULL, 0, &receiver, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_open_within(book.readers, "spill", 0, NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_consume(book.receiver, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_forward(book.receiver, NULL, book.sender));
  SAYS(VIL_E_ARGUMENT, vil_sender_loan(book.sender, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_publish(book.sender, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_discard(book.sender, NULL));
  SAYS(VIL_E_ARGUMENT, vil_sender_send(book.sender, NULL, 16));
  SAYS(VIL_E_ARGUMENT, vil_sender_published(book.sender, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_open(book.readers, NULL, &receiver, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_open(book.readers, "spill", NULL, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_receive(book.receiver, 0, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_release(book.receiver, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_received(book.receiver, NULL));
  SAYS(VIL_E_ARGUMENT, vil_receiver_wait_any(NULL, 1, 0, &index));
  SAYS(VIL_E_ARGUMENT, vil_receiver_wait_any(&book.receiver, 1, 0, NULL));
  SAYS(VIL_E_ARGUMENT, vil_heap_create("other", NULL, &heap, NULL));
  SAYS(VIL_E_ARGUMENT, vil_heap_create(NULL, &options, &heap, NULL));
  SAYS(VIL_E_ARGUMENT, vil_heap_create("other", &options, NULL, NULL));
  GOES(vil_heap_create("C-NULL-4-heap", &options, &heap, NULL));
  SAYS(VIL_E_ARGUMENT, vil_heap_audit(heap, NULL));
  SAYS(VIL_E_ARGUMENT, vil_queue_open(heap, 0, VIL_PRODUCER, NULL, NULL));
  GOES(vil_queue_open(heap, 0, VIL_PRODUCER, &queue, NULL));
  SAYS(VIL_E_ARGUMENT, vil_queue_loan(queue, NULL));
  SAYS(VIL_E_ARGUMENT, vil_queue_push(queue, NULL));
  SAYS(VIL_E_ARGUMENT, vil_queue_discard(queue, NULL));
  GOES(vil_queue_close(queue));
  GOES(vil_queue_open(heap, 0, VIL_CONSUMER, &queue, NULL));
  SAYS(VIL_E_ARGUMENT, vil_queue_pop(queue, 0, NULL));
  SAYS(VIL_E_ARGUMENT, vil_queue_release(queue, NULL));
  GOES(vil_queue_close(queue));
  GOES(vil_heap_close(heap));
  GOES(vil_program_close(parsed));
  GOES(vil_sender_published(book.sender, &count));
  CHECK(count == 0);
  put_away(&book);
}

static const rule_t rules[] = {
    {"C-NULL-1", a_null_handle_is_refused},
    {"C-NULL-2", a_null_error_is_allowed},
    {"C-NULL-3", null_options_and_contract_are_defaults},
    {"C-NULL-4", any_other_null_is_an_argument},
};

RULES(rules)
