/* Errors: whose they are, what they say, and that they are all that is said. */
#include "driver.h"

#include <errno.h>
#include <fcntl.h>

static vil_error_t untouched(void) {
  vil_error_t error;
  memset(&error, 0x5a, sizeof error);
  return error;
}

/* The text of the error that opening a world of this name gives. */
static vil_error_t refused(const char *name, vil_status_t expected) {
  vil_error_t error = untouched();
  vil_world_t *world = NULL;
  CHECK(vil_world_open(name, NULL, NULL, &world, &error) == expected && error.status == expected);
  return error;
}

static void cold_calls_fill_the_error_when_they_fail(void) {
  const vil_error_t nothing = untouched();
  vil_error_t error = untouched();
  vil_program_t *parsed = NULL;
  vil_world_t *world = NULL;
  vil_sender_t *sender = NULL;
  GOES(vil_program_parse(notebook_program_json, strlen(notebook_program_json), &parsed, &error));
  GOES(vil_world_create(the_world, parsed, &notebook_writer_contract, NULL, &world, &error));
  GOES(vil_sender_open(world, "notes", &sender, &error));
  CHECK(memcmp(&error, &nothing, sizeof error) == 0);
  GOES(vil_sender_close(sender));
  SAYS(VIL_E_NOT_FOUND, vil_sender_open(world, "nowhere", &sender, &error));
  CHECK(error.status == VIL_E_NOT_FOUND && error.message[0] != '\0');
  GOES(vil_world_close(world));
  GOES(vil_program_close(parsed));
}

/* Length of a well-formed UTF-8 text, or -1. */
static long utf8(const char *text, size_t room) {
  size_t i = 0;
  while (i < room && text[i] != '\0') {
    const unsigned char lead = (unsigned char)text[i++];
    int more = lead < 0x80 ? 0 : lead >= 0xc2 && lead < 0xe0 ? 1 : lead >= 0xe0 && lead < 0xf0 ? 2 : lead >= 0xf0 && lead < 0xf5 ? 3 : -1;
    if (more < 0) return -1;
    for (; more > 0; more--) {
      if (i >= room || ((unsigned char)text[i++] & 0xc0) != 0x80) return -1;
    }
  }
  return i < room ? (long)i : -1;
}

static void the_sentence_is_text_and_names_its_object(void) {
  char name[5000];
  vil_error_t error = refused("no-such-world", VIL_E_NOT_FOUND);
  CHECK(strstr(error.message, "no-such-world") != NULL);
  memset(name, 'n', sizeof name);
  name[sizeof name - 1] = '\0';
  error = refused(name, VIL_E_NAME);
  CHECK(utf8(error.message, sizeof error.message) > 0);
  error = refused("\xff\xfe\xc3(", VIL_E_ARGUMENT);
  CHECK(utf8(error.message, sizeof error.message) > 0);
  for (size_t i = 0; i + 2 < sizeof name; i += 2) name[i] = '\xc3', name[i + 1] = '\xa9';
  error = refused(name, VIL_E_NAME);
  CHECK(utf8(error.message, sizeof error.message) > 0);
  char json[3000] = "{\"vil\": 1, \"program\": \"";
  memset(json + strlen(json), 'p', 2900 - strlen(json));
  vil_program_t *parsed = NULL;
  SAYS(VIL_E_PROGRAM, vil_program_parse(json, strlen(json), &parsed, &error));
  CHECK(utf8(error.message, sizeof error.message) > 0);
}

static void nothing_is_written_to_the_streams(void) {
  char path[] = "/tmp/vil-conventions-XXXXXX";
  const int file = mkstemp(path), out = dup(1), err = dup(2);
  CHECK(file >= 0 && out >= 0 && err >= 0 && unlink(path) == 0);
  CHECK(dup2(file, 1) == 1 && dup2(file, 2) == 2);
  (void)refused("no-such-world", VIL_E_NOT_FOUND);
  (void)refused("", VIL_E_NAME);
  notebook_t book = notebook("spill");
  write_note(book.sender, 1);
  vil_message_t message = read_note(book.receiver, 1);
  const vil_status_t wrong = vil_sender_send(book.sender, &message, 1);
  const pid_t peer = started("as-dying-writer");
  const int end = ended(peer);
  put_away(&book);
  const off_t written = lseek(file, 0, SEEK_END);
  CHECK(dup2(out, 1) == 1 && dup2(err, 2) == 2);
  CHECK(wrong < 0 && end == -SIGKILL && written == 0);
}

static void as_dying_writer(void) {
  vil_world_t *writers = attached(&notebook_writer_contract);
  vil_sender_t *sender = NULL;
  GOES(vil_sender_open(writers, "notes", &sender, NULL));
  write_note(sender, 1);
  raise(SIGKILL);
}

static void *another_error(void *unused) {
  (void)unused;
  (void)refused("another-world", VIL_E_NOT_FOUND);
  return NULL;
}

static void an_error_is_the_callers_alone(void) {
  const vil_error_t first = refused("first-world", VIL_E_NOT_FOUND);
  const vil_error_t kept = first;
  (void)refused("", VIL_E_NAME);
  in_thread(another_error, NULL);
  CHECK(memcmp(&first, &kept, sizeof first) == 0);
  notebook_t book = notebook("notes");
  vil_message_t message;
  errno = 12345; /* no call of the hot path touches it */
  write_note(book.sender, 1);
  message = read_note(book.receiver, 1);
  GOES(vil_receiver_release(book.receiver, &message));
  SAYS(VIL_EMPTY, vil_receiver_receive(book.receiver, 0, &message));
  CHECK(errno == 12345);
  put_away(&book);
}

static const rule_t rules[] = {
    {"C-ERR-1", cold_calls_fill_the_error_when_they_fail},
    {"C-ERR-2", the_sentence_is_text_and_names_its_object},
    {"C-ERR-3", nothing_is_written_to_the_streams},
    {"C-ERR-4", an_error_is_the_callers_alone},
    {"as-dying-writer", as_dying_writer},
};

RULES(rules)
