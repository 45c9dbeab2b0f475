/* Who owns what, and until when. */
#include "driver.h"

static void closed_handles_are_recognised(void) {
  notebook_t book = notebook("notes");
  const notebook_t old = book;
  vil_program_t *parsed = program();
  vil_loan_t loan = {NULL, 0, 0, 0};
  uint8_t fingerprint[32];
  uint64_t count = 0;
  GOES(vil_program_close(parsed));
  put_away(&book);
  book = notebook("notes"); /* may live where the closed ones did */
  SAYS(VIL_E_HANDLE, vil_sender_loan(old.sender, &loan));
  SAYS(VIL_E_HANDLE, vil_receiver_received(old.receiver, &count));
  SAYS(VIL_E_HANDLE, vil_world_cancel(old.writers));
  SAYS(VIL_E_HANDLE, vil_program_fingerprint(parsed, fingerprint));
  SAYS(VIL_E_HANDLE, vil_sender_close(old.sender));
  SAYS(VIL_E_HANDLE, vil_receiver_close(old.receiver));
  SAYS(VIL_E_HANDLE, vil_world_close(old.writers));
  SAYS(VIL_E_HANDLE, vil_program_close(parsed));
  write_note(book.sender, 7); /* and the new ones did not suffer */
  vil_message_t message = read_note(book.receiver, 7);
  GOES(vil_receiver_release(book.receiver, &message));
  put_away(&book);
}

static void a_handle_of_another_noun_is_recognised(void) {
  notebook_t book = notebook("notes");
  vil_program_t *parsed = program();
  SAYS(VIL_E_HANDLE, vil_sender_close((vil_sender_t *)book.writers));
  SAYS(VIL_E_HANDLE, vil_receiver_close((vil_receiver_t *)book.sender));
  SAYS(VIL_E_HANDLE, vil_world_close((vil_world_t *)parsed));
  SAYS(VIL_E_HANDLE, vil_program_close((vil_program_t *)book.receiver));
  SAYS(VIL_E_HANDLE, vil_heap_close((vil_heap_t *)book.writers));
  SAYS(VIL_E_HANDLE, vil_queue_close((vil_queue_t *)book.sender));
  GOES(vil_program_close(parsed));
  put_away(&book);
}

static void a_failed_open_writes_null(void) {
  vil_world_t *readers = attached(&notebook_reader_contract);
  vil_program_t *parsed = program(), *none = parsed;
  vil_world_t *world = readers;
  vil_sender_t *sender = (vil_sender_t *)readers;
  vil_receiver_t *receiver = (vil_receiver_t *)readers;
  SAYS(VIL_E_PROGRAM, vil_program_parse("nonsense", 8, &none, NULL));
  CHECK(none == NULL);
  SAYS(VIL_E_EXISTS, vil_world_create(the_world, parsed, NULL, NULL, &world, NULL));
  CHECK(world == NULL);
  world = readers;
  SAYS(VIL_E_NOT_FOUND, vil_world_open("nowhere", NULL, NULL, &world, NULL));
  CHECK(world == NULL);
  SAYS(VIL_E_NOT_FOUND, vil_sender_open(readers, "no-such-port", &sender, NULL));
  CHECK(sender == NULL);
  SAYS(VIL_E_NOT_FOUND, vil_receiver_open(readers, "no-such-port", &receiver, NULL));
  CHECK(receiver == NULL);
  SAYS(VIL_E_HANDLE, vil_receiver_close(receiver));
  GOES(vil_program_close(parsed));
  GOES(vil_world_close(readers));
}

static void arguments_are_not_kept(void) {
  vil_contract_t *contract = (vil_contract_t *)malloc(sizeof *contract);
  vil_port_contract_t *ports = (vil_port_contract_t *)malloc(sizeof *ports * notebook_writer_contract.port_count);
  char *name = strdup(the_world), *port = strdup("notes"), *process = strdup("writer");
  char *json = strdup(notebook_program_json);
  vil_program_t *parsed = NULL;
  vil_world_t *world = NULL;
  vil_sender_t *sender = NULL;
  CHECK(contract && ports && name && port && process && json);
  *contract = notebook_writer_contract;
  memcpy(ports, contract->ports, sizeof *ports * contract->port_count);
  contract->ports = ports;
  contract->process = process;
  GOES(vil_program_parse(json, strlen(json), &parsed, NULL));
  memset(json, 'x', strlen(json));
  free(json);
  GOES(vil_world_create(name, parsed, contract, NULL, &world, NULL));
  GOES(vil_program_close(parsed));
  memset(ports, 0xff, sizeof *ports * contract->port_count);
  memset(contract, 0xff, sizeof *contract);
  memset(process, 'x', strlen(process));
  memset(name, 'x', strlen(name));
  free(ports), free(contract), free(process), free(name);
  GOES(vil_sender_open(world, port, &sender, NULL));
  memset(port, 'x', strlen(port));
  free(port);
  write_note(sender, 1);
  GOES(vil_sender_close(sender));
  GOES(vil_world_close(world));
}

static void ends_outlive_their_world(void) {
  notebook_t book = notebook("notes");
  GOES(vil_world_close(book.writers));
  GOES(vil_world_close(book.readers));
  write_note(book.sender, 1);
  vil_message_t message = read_note(book.receiver, 1);
  GOES(vil_receiver_release(book.receiver, &message));
  GOES(vil_sender_close(book.sender));
  GOES(vil_receiver_close(book.receiver));
}

static void what_ended_is_zero_and_cannot_end_again(void) {
  static const vil_loan_t no_loan;
  static const vil_message_t no_message;
  notebook_t book = notebook("notes");
  vil_loan_t loan, moved;
  vil_message_t zero = no_message;
  write_note(book.sender, 1);
  vil_message_t first = read_note(book.receiver, 1);
  SAYS(VIL_E_STATE, vil_receiver_release(book.receiver, &zero)); /* zero is no message, not even the first */
  GOES(vil_receiver_release(book.receiver, &first));
  GOES(vil_sender_loan(book.sender, &loan));
  moved = loan;
  GOES(vil_sender_discard(book.sender, &moved));
  CHECK(memcmp(&moved, &no_loan, sizeof moved) == 0);
  SAYS(VIL_E_STATE, vil_sender_discard(book.sender, &moved));
  SAYS(VIL_E_STATE, vil_sender_publish(book.sender, &loan)); /* a copy of what has ended */
  write_note(book.sender, 3);
  vil_message_t message = read_note(book.receiver, 3), copy = message;
  GOES(vil_receiver_release(book.receiver, &message));
  CHECK(memcmp(&message, &no_message, sizeof message) == 0);
  write_note(book.sender, 4);
  vil_message_t held = read_note(book.receiver, 4);
  SAYS(VIL_E_STATE, vil_receiver_release(book.receiver, &message)); /* and nothing else ends instead */
  SAYS(VIL_E_STATE, vil_receiver_release(book.receiver, &copy));
  GOES(vil_receiver_release(book.receiver, &held));
  put_away(&book);
}

static void what_is_held_stays_as_it_is(void) {
  notebook_t book = notebook("notes");
  vil_loan_t loan;
  write_note(book.sender, 1);
  vil_message_t message = read_note(book.receiver, 1);
  for (uint64_t i = 2; i < 100; i++) { /* everything around it comes and goes */
    GOES(vil_sender_loan(book.sender, &loan));
    CHECK(loan.data != message.data);
    GOES(vil_sender_discard(book.sender, &loan));
    write_note(book.sender, i);
    vil_message_t other = read_note(book.receiver, i);
    GOES(vil_receiver_release(book.receiver, &other));
    CHECK(((const notebook_note_t *)message.data)->number == 1);
    if (i % 3 == 1) { /* the ring has four cells, and head cannot pass what is held */
      GOES(vil_receiver_release(book.receiver, &message));
      write_note(book.sender, 1);
      message = read_note(book.receiver, 1);
    }
  }
  GOES(vil_receiver_release(book.receiver, &message));
  put_away(&book);
}

static void a_refused_publish_leaves_the_loan(void) {
  notebook_t book = notebook("spill"); /* two cells */
  vil_loan_t loan, before;
  write_note(book.sender, 0);
  write_note(book.sender, 1);
  GOES(vil_sender_loan(book.sender, &loan));
  ((notebook_note_t *)loan.data)->number = 2;
  ((notebook_note_t *)loan.data)->value = ~UINT64_C(2);
  before = loan;
  SAYS(VIL_FULL, vil_sender_publish(book.sender, &loan));
  CHECK(memcmp(&loan, &before, sizeof loan) == 0);
  vil_message_t message = read_note(book.receiver, 0);
  GOES(vil_receiver_release(book.receiver, &message));
  GOES(vil_sender_publish(book.sender, &loan));
  message = read_note(book.receiver, 1);
  GOES(vil_receiver_release(book.receiver, &message));
  message = read_note(book.receiver, 2);
  GOES(vil_receiver_release(book.receiver, &message));
  put_away(&book);
}

static void release_goes_in_any_order(void) {
  static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
  notebook_t book = notebook("notes");
  uint64_t number = 0, count = 0;
  for (int order = 0; order < 6; order++) {
    vil_message_t held[3];
    for (uint64_t i = 0; i < 3; i++) write_note(book.sender, number + i);
    for (uint64_t i = 0; i < 3; i++) held[i] = read_note(book.receiver, number + i);
    for (int i = 0; i < 3; i++) GOES(vil_receiver_release(book.receiver, &held[orders[order][i]]));
    number += 3;
  }
  GOES(vil_receiver_received(book.receiver, &count));
  CHECK(count == number);
  put_away(&book);
}

static void closing_gives_back_what_was_held(void) {
  notebook_t book = notebook("notes");
  vil_audit_t audit = {sizeof audit, 0, 0, 0, 0, 0, 0, 0};
  vil_loan_t loan;
  write_note(book.sender, 1);
  (void)read_note(book.receiver, 1); /* held, not released */
  GOES(vil_sender_loan(book.sender, &loan));
  GOES(vil_receiver_close(book.receiver));
  GOES(vil_receiver_open(book.readers, "notes", &book.receiver, NULL));
  vil_message_t message = read_note(book.receiver, 1); /* at_least_once delivers it again */
  GOES(vil_receiver_release(book.receiver, &message));
  GOES(vil_sender_close(book.sender));
  GOES(vil_world_audit(book.writers, &audit));
  CHECK(audit.free_slots == audit.slots && audit.leaked_slots == 0);
  GOES(vil_receiver_close(book.receiver));
  GOES(vil_sender_open(book.writers, "drops", &book.sender, NULL));
  GOES(vil_receiver_open(book.readers, "drops", &book.receiver, NULL));
  write_note(book.sender, 2);
  (void)read_note(book.receiver, 2);
  GOES(vil_receiver_close(book.receiver)); /* best_effort drops it */
  GOES(vil_receiver_open(book.readers, "drops", &book.receiver, NULL));
  SAYS(VIL_EMPTY, vil_receiver_receive(book.receiver, 0, &message));
  put_away(&book);
}

static void text_is_static(void) {
  const char *version = vil_version(), *name = vil_status_name(VIL_TIMEOUT);
  notebook_t book = notebook("notes");
  put_away(&book);
  CHECK(version == vil_version() && name == vil_status_name(VIL_TIMEOUT) && strcmp(name, "VIL_TIMEOUT") == 0);
}

/* The kind of the world's last event; 0 when there is none. */
static uint32_t last_event(vil_world_t *world) {
  vil_event_t event;
  uint64_t cursor = 0;
  uint32_t kind = 0;
  memset(&event, 0, sizeof event);
  event.struct_size = sizeof event;
  while (vil_registry_trail(world, &cursor, &event) == VIL_OK) kind = event.kind;
  return kind;
}

static void a_block_is_in_one_place_at_a_time(void) {
  vil_heap_t *heap = NULL;
  vil_world_t *trail = NULL;
  vil_queue_t *in = NULL, *out = NULL;
  vil_block_t block = {NULL, 0, 0}, copy, found = {NULL, 0, 0};
  vil_heap_options_t options = {sizeof options, 0, NULL, NULL, 0, 1, 0, 0, 0, 0, 0, NULL};
  GOES(vil_heap_create("C-OWN-12-heap", &options, &heap, NULL));
  GOES(vil_world_open("C-OWN-12-heap", NULL, NULL, &trail, NULL)); /* a heap is a world, too */
  GOES(vil_queue_open(heap, 0, VIL_PRODUCER, &in, NULL));
  GOES(vil_queue_open(heap, 0, VIL_CONSUMER, &out, NULL));
  GOES(vil_heap_alloc(heap, 100, 64, &block, NULL));
  CHECK(block.size >= 100 && (uintptr_t)block.data % 64 == 0);
  GOES(vil_heap_resolve(heap, block.reference, &found));
  CHECK(found.data == block.data && found.reference == block.reference);
  copy = block;
  GOES(vil_queue_push(in, &block));
  CHECK(block.data == NULL && block.reference == 0);
  SAYS(VIL_E_STATE, vil_heap_free(heap, &copy));
  CHECK(last_event(trail) == VIL_EVENT_RELEASED_TWICE);
  SAYS(VIL_E_STATE, vil_queue_push(in, &copy));
  CHECK(last_event(trail) == VIL_EVENT_PUBLISHED_TWICE);
  SAYS(VIL_E_STATE, vil_heap_resolve(heap, copy.reference, &found));
  CHECK(last_event(trail) == VIL_EVENT_USED_AFTER_END);
  GOES(vil_queue_pop(out, 0, &block));
  CHECK(block.data == copy.data && block.reference != copy.reference);
  SAYS(VIL_EMPTY, vil_queue_pop(out, 0, &found));
  SAYS(VIL_E_STATE, vil_heap_free(heap, &copy));
  copy = block;
  GOES(vil_heap_free(heap, &block));
  SAYS(VIL_E_STATE, vil_heap_free(heap, &block));
  SAYS(VIL_E_STATE, vil_heap_free(heap, &copy));
  GOES(vil_queue_close(in));
  GOES(vil_queue_close(out));
  GOES(vil_world_close(trail));
  GOES(vil_heap_close(heap));
}

static const rule_t rules[] = {
    {"C-OWN-1", closed_handles_are_recognised},
    {"C-OWN-2", a_handle_of_another_noun_is_recognised},
    {"C-OWN-3", a_failed_open_writes_null},
    {"C-OWN-4", arguments_are_not_kept},
    {"C-OWN-5", ends_outlive_their_world},
    {"C-OWN-6", what_ended_is_zero_and_cannot_end_again},
    {"C-OWN-7", what_is_held_stays_as_it_is},
    {"C-OWN-8", a_refused_publish_leaves_the_loan},
    {"C-OWN-9", release_goes_in_any_order},
    {"C-OWN-10", closing_gives_back_what_was_held},
    {"C-OWN-11", text_is_static},
    {"C-OWN-12", a_block_is_in_one_place_at_a_time},
};

RULES(rules)
