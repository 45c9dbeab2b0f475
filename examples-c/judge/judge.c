/* Says all that is wrong with a program in canonical JSON, and with two, whether the second still fits the first:
   judge PROGRAM.json [NEWER.json]. Exits with 0 when it is fine, 1 when not, 2 when a file cannot be read. */
#include <stdio.h>
#include <stdlib.h>

#include "vil/vil.h"

/* A whole file; ends the program when there is none. */
static char *contents(const char *name, size_t *size) {
  FILE *file = fopen(name, "rb");
  char *text = malloc(1 << 20);
  if (file == NULL || text == NULL) {
    fprintf(stderr, "cannot read %s\n", name);
    exit(2);
  }
  *size = fread(text, 1, 1 << 20, file);
  fclose(file);
  return text;
}

/* Prints every diagnostic; the program, when it has no errors. */
static vil_program_t *judged(const char *name) {
  size_t size;
  char *text = contents(name, &size);
  vil_diagnostics_t *diagnostics;
  vil_error_t error;
  if (vil_diagnostics_parse(text, size, &diagnostics, &error) != VIL_OK) {
    fprintf(stderr, "%s: %s\n", name, error.message);
    exit(2);
  }
  uint32_t errors, count;
  vil_diagnostics_count(diagnostics, &errors, &count);
  for (uint32_t i = 0; i < count; i++) {
    vil_diagnostic_t found = {sizeof found, 0, 0, 0, "", "", "", "", "", ""};
    vil_diagnostics_get(diagnostics, i, &found);
    printf("%s:%u:%u: %s[%s]: %s\n", name, found.line, found.column,
           found.severity == VIL_SEVERITY_ERROR ? "error" : "warning", found.code, found.message);
    if (found.found[0] != '\0') printf("  found %s\n", found.found);
    if (found.expected[0] != '\0') printf("  expected %s\n", found.expected);
    if (found.fix[0] != '\0') printf("  %s\n", found.fix);
  }
  printf("%s: %u errors, %u warnings\n", name, errors, count - errors);
  vil_diagnostics_close(diagnostics);
  vil_program_t *program = NULL;
  if (errors == 0) vil_program_parse(text, size, &program, NULL);
  free(text);
  return program;
}

/* Prints every finding; whether the second may take the place of the first, or the other way round. */
static int fits(vil_program_t *old_program, vil_program_t *new_program) {
  static const char *const verdicts[] = {"equivalent", "newer", "older", "incompatible"};
  vil_diff_t *diff;
  vil_error_t error;
  if (vil_diff_create(old_program, new_program, VIL_LEVEL_LAYOUT, &diff, &error) != VIL_OK) {
    fprintf(stderr, "%s\n", error.message);
    exit(2);
  }
  uint32_t verdict, count;
  vil_diff_verdict(diff, &verdict, &count);
  for (uint32_t i = 0; i < count; i++) {
    vil_finding_t found = {sizeof found, 0, "", "", "", ""};
    vil_diff_finding(diff, i, &found);
    printf("%s: %s %s %s: %s\n", found.subject, found.rule, verdicts[found.verdict], found.path, found.message);
  }
  printf("%s\n", verdicts[verdict]);
  vil_diff_close(diff);
  return verdict != VIL_VERDICT_INCOMPATIBLE;
}

int main(int argc, char **argv) {
  if (argc < 2 || argc > 3) {
    fprintf(stderr, "usage: judge PROGRAM.json [NEWER.json]\n");
    return 2;
  }
  vil_program_t *first = judged(argv[1]), *second = argc > 2 ? judged(argv[2]) : NULL;
  int is_fine = first != NULL && (argc < 3 || second != NULL);
  if (is_fine && second != NULL) is_fine = fits(first, second);
  if (first != NULL) vil_program_close(first);
  if (second != NULL) vil_program_close(second);
  return is_fine ? 0 : 1;
}
