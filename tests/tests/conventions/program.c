/* Programs without a world: judged, printed, compared. */
#include "driver.h"

#define FIELDS(fields) "{\"vil\":1,\"program\":\"p\",\"messages\":{\"A\":{\"fields\":[" fields "]}}}"
#define LINE "{\"name\":\"line\",\"type\":\"u64\"}"
#define NOTE "{\"name\":\"note\",\"type\":\"u64\"}"

static const char two_faults[] =
    "{\"vil\":1,\"program\":\"p\",\n\"messages\":{\"A\":{\"fields\":[{\"name\":\"a\",\"type\":\"String\"},\n"
    "{\"name\":\"b\",\"type\":\"[u8; 0]\"}]}}}";

static vil_diagnostics_t *judged(const char *json) {
  vil_diagnostics_t *diagnostics = NULL;
  GOES(vil_diagnostics_parse(json, strlen(json), &diagnostics, NULL));
  return diagnostics;
}

static vil_program_t *parsed(const char *json) {
  vil_program_t *made = NULL;
  GOES(vil_program_parse(json, strlen(json), &made, NULL));
  return made;
}

static vil_diagnostic_t diagnostic(vil_diagnostics_t *diagnostics, uint32_t index) {
  vil_diagnostic_t found = {sizeof found, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL};
  GOES(vil_diagnostics_get(diagnostics, index, &found));
  return found;
}

static void all_faults_are_found(void) {
  vil_diagnostics_t *diagnostics = judged(two_faults);
  uint32_t errors = 0, count = 0;
  GOES(vil_diagnostics_count(diagnostics, &errors, &count));
  CHECK(errors == 2 && count == 2);
  const vil_diagnostic_t first = diagnostic(diagnostics, 0), second = diagnostic(diagnostics, 1);
  CHECK(strcmp(first.code, "VIL-L001") == 0 && first.severity == VIL_SEVERITY_ERROR);
  CHECK(first.line == 2 && first.column > 1 && strcmp(first.pointer, "/messages/A/fields/0/type") == 0);
  CHECK(strstr(first.found, "String") != NULL && first.message[0] != '\0' && first.fix[0] != '\0');
  CHECK(strcmp(second.code, "VIL-L003") == 0 && second.line == 3);
  vil_diagnostic_t none = {sizeof none, 0, 0, 0, NULL, NULL, NULL, NULL, NULL, NULL};
  SAYS(VIL_E_ARGUMENT, vil_diagnostics_get(diagnostics, 2, &none));
  CHECK(none.code == NULL);
  GOES(vil_diagnostics_close(diagnostics));
  vil_program_t *made = NULL;
  SAYS(VIL_E_PROGRAM, vil_program_parse(two_faults, strlen(two_faults), &made, NULL));
  const char *broken[] = {"", "{", "[]", "{\"vil\":1}", "{\"vil\":1,\"program\":\"p\",\"mesages\":{}}"};
  for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++) {
    diagnostics = judged(broken[i]);
    GOES(vil_diagnostics_count(diagnostics, &errors, &count));
    CHECK(errors > 0 && errors == count);
    GOES(vil_diagnostics_close(diagnostics));
    SAYS(VIL_E_PROGRAM, vil_program_parse(broken[i], strlen(broken[i]), &made, NULL));
  }
  diagnostics = judged(FIELDS(LINE));
  GOES(vil_diagnostics_count(diagnostics, &errors, &count));
  CHECK(errors == 0 && count == 0);
  GOES(vil_diagnostics_close(diagnostics));
  GOES(vil_program_close(parsed(FIELDS(LINE))));
}

static void a_program_is_printed_or_nothing_is(void) {
  vil_program_t *first = parsed(" " FIELDS(LINE "," NOTE) " ");
  size_t size = 0, again = 0;
  uint8_t fingerprints[2][32];
  GOES(vil_program_dump(first, NULL, 0, &size));
  char *text = malloc(size + 2), *same = malloc(size + 1);
  CHECK(size > 0 && text != NULL && same != NULL);
  memset(text, '#', size + 2);
  SAYS(VIL_E_ARGUMENT, vil_program_dump(first, text, size, &again));
  CHECK(again == size && text[0] == '#');
  GOES(vil_program_dump(first, text, size + 1, &again));
  CHECK(again == size && strlen(text) == size && text[size + 1] == '#');
  vil_program_t *second = parsed(text);
  GOES(vil_program_dump(second, same, size + 1, &again));
  CHECK(again == size && strcmp(text, same) == 0);
  GOES(vil_program_fingerprint(first, fingerprints[0]));
  GOES(vil_program_fingerprint(second, fingerprints[1]));
  CHECK(memcmp(fingerprints[0], fingerprints[1], 32) == 0);
  free(text);
  free(same);
  GOES(vil_program_close(first));
  GOES(vil_program_close(second));
}

static vil_program_t *loaded(const char *json, const void *plan, size_t size) {
  vil_program_t *made = NULL;
  GOES(vil_program_load(json, strlen(json), plan, size, &made, NULL));
  return made;
}

/* What a program is made of, whichever way it was made; closes it. */
static void is_the_notebook(vil_program_t *made) {
  static char text[sizeof notebook_program_json];
  uint8_t fingerprint[32];
  size_t size = 0;
  GOES(vil_program_fingerprint(made, fingerprint));
  GOES(vil_program_dump(made, text, sizeof text, &size));
  CHECK(memcmp(fingerprint, notebook_program_fingerprint, sizeof fingerprint) == 0);
  CHECK(strcmp(text, notebook_program_json) == 0);
  GOES(vil_program_close(made));
}

static void a_plan_is_read_where_it_belongs_to_its_text(void) {
  uint64_t changed[sizeof notebook_program_plan / sizeof notebook_program_plan[0]];
  const size_t size = sizeof changed;
  is_the_notebook(loaded(notebook_program_json, notebook_program_plan, size));
  is_the_notebook(loaded(notebook_program_json, NULL, 0));
  is_the_notebook(loaded(notebook_program_json, notebook_program_plan, size - 8));
  is_the_notebook(loaded(notebook_program_json, notebook_program_plan, 3));
  for (size_t word = 0; word < size / sizeof changed[0]; word++) {
    memcpy(changed, notebook_program_plan, size);
    changed[word] ^= 1;
    is_the_notebook(loaded(notebook_program_json, changed, size));
  }
  uint8_t fingerprints[2][32];
  vil_program_t *other = loaded(FIELDS(LINE), notebook_program_plan, size), *same = parsed(FIELDS(LINE)), *made = NULL;
  GOES(vil_program_fingerprint(other, fingerprints[0]));
  GOES(vil_program_fingerprint(same, fingerprints[1]));
  CHECK(memcmp(fingerprints[0], fingerprints[1], sizeof fingerprints[0]) == 0);
  GOES(vil_program_close(other));
  GOES(vil_program_close(same));
  SAYS(VIL_E_PROGRAM, vil_program_load(two_faults, strlen(two_faults), notebook_program_plan, size, &made, NULL));
  CHECK(made == NULL);
}

static vil_diff_t *between(const char *old, const char *new, uint32_t level) {
  vil_program_t *programs[] = {parsed(old), parsed(new)};
  vil_diff_t *diff = NULL;
  GOES(vil_diff_create(programs[0], programs[1], level, &diff, NULL));
  GOES(vil_program_close(programs[0]));
  GOES(vil_program_close(programs[1]));
  return diff;
}

static void programs_are_compared(void) {
  uint32_t verdict = 9, count = 9;
  vil_finding_t finding = {sizeof finding, 0, NULL, NULL, NULL, NULL};
  vil_diff_t *diff = between(FIELDS(LINE), FIELDS(LINE), VIL_LEVEL_SEMANTIC);
  GOES(vil_diff_verdict(diff, &verdict, &count));
  CHECK(verdict == VIL_VERDICT_EQUIVALENT && count == 0);
  SAYS(VIL_E_ARGUMENT, vil_diff_finding(diff, 0, &finding));
  GOES(vil_diff_close(diff));
  diff = between(FIELDS(LINE), FIELDS(LINE "," NOTE), VIL_LEVEL_LAYOUT);
  GOES(vil_diff_verdict(diff, &verdict, &count));
  CHECK(verdict == VIL_VERDICT_INCOMPATIBLE && count == 1);
  GOES(vil_diff_finding(diff, 0, &finding));
  CHECK(finding.verdict == VIL_VERDICT_INCOMPATIBLE && strcmp(finding.rule, "VIL-E004") == 0);
  CHECK(strcmp(finding.subject, "message A") == 0 && strcmp(finding.path, "/A/note") == 0);
  CHECK(strstr(finding.message, "`note`") != NULL);
  GOES(vil_diff_close(diff));
  const char *with_unit = FIELDS("{\"name\":\"line\",\"type\":\"u64\",\"unit\":\"m\"}");
  const uint32_t verdicts[] = {VIL_VERDICT_EQUIVALENT, VIL_VERDICT_EQUIVALENT, VIL_VERDICT_NEWER};
  for (uint32_t level = VIL_LEVEL_LAYOUT; level <= VIL_LEVEL_SEMANTIC; level++) {
    diff = between(FIELDS(LINE), with_unit, level);
    GOES(vil_diff_verdict(diff, &verdict, &count));
    CHECK(verdict == verdicts[level]);
    GOES(vil_diff_close(diff));
  }
  diff = between(with_unit, FIELDS(LINE), VIL_LEVEL_SEMANTIC);
  GOES(vil_diff_verdict(diff, &verdict, &count));
  CHECK(verdict == VIL_VERDICT_OLDER);
  GOES(vil_diff_close(diff));
  vil_program_t *one = parsed(FIELDS(LINE));
  SAYS(VIL_E_ARGUMENT, vil_diff_create(one, one, VIL_LEVEL_SEMANTIC + 1, &diff, NULL));
  CHECK(diff == NULL);
  GOES(vil_program_close(one));
}

static void *read_texts(void *diagnostics) {
  for (int i = 0; i < 100; i++) {
    const vil_diagnostic_t found = diagnostic(diagnostics, 1);
    CHECK(strlen(found.code) == 8 && strlen(found.message) > 0 && found.found != NULL && found.expected != NULL);
  }
  return NULL;
}

static void texts_are_the_handles(void) {
  char json[sizeof two_faults];
  memcpy(json, two_faults, sizeof json);
  vil_diagnostics_t *diagnostics = judged(json);
  const vil_diagnostic_t early = diagnostic(diagnostics, 0);
  memset(json, 0, sizeof json);
  pthread_t reader;
  CHECK(pthread_create(&reader, NULL, read_texts, diagnostics) == 0);
  read_texts(diagnostics);
  CHECK(pthread_join(reader, NULL) == 0);
  /* The same text where it lay, whatever was judged meanwhile. */
  GOES(vil_diagnostics_close(judged("{")));
  CHECK(early.code == diagnostic(diagnostics, 0).code && strcmp(early.code, "VIL-L001") == 0);
  vil_diff_t *diff = between(FIELDS(LINE), FIELDS(NOTE), VIL_LEVEL_SOURCE);
  vil_finding_t finding = {sizeof finding, 0, NULL, NULL, NULL, NULL};
  GOES(vil_diff_finding(diff, 0, &finding));
  CHECK(strlen(finding.rule) == 8 && strlen(finding.message) > 0);
  SAYS(VIL_E_HANDLE, vil_diff_close((vil_diff_t *)diagnostics));
  SAYS(VIL_E_HANDLE, vil_diagnostics_close((vil_diagnostics_t *)diff));
  GOES(vil_diff_close(diff));
  GOES(vil_diagnostics_close(diagnostics));
  SAYS(VIL_E_HANDLE, vil_diff_close(diff));
  SAYS(VIL_E_HANDLE, vil_diagnostics_close(diagnostics));
}

static const rule_t rules[] = {
    {"C-PROGRAM-1", all_faults_are_found},
    {"C-PROGRAM-2", a_program_is_printed_or_nothing_is},
    {"C-PROGRAM-3", programs_are_compared},
    {"C-PROGRAM-4", a_plan_is_read_where_it_belongs_to_its_text},
    {"C-OWN-13", texts_are_the_handles},
};

RULES(rules)
