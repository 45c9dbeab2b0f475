/* What the C checks and unions of shapes.yaml promise; answers the number of the first line that does not hold. */
#include <math.h>

#include "shapes.h"

#define HOLDS(condition) \
  if (!(condition)) return __LINE__

static shapes_kinds_t legal(void) {
  shapes_kinds_t kinds;
  shapes_kinds_init(&kinds);
  kinds.side = SHAPES_SIDE_SELL;
  kinds.stored = -1;
  return kinds;
}

static bool with_point(float x, float y, uint8_t has) {
  shapes_kinds_t kinds = legal();
  kinds.point.x = x;
  kinds.point.y = y;
  kinds.vil_has_point = has;
  return shapes_kinds_check(&kinds);
}

static bool with_note(uint32_t note) {
  shapes_kinds_t kinds = legal();
  kinds.note = note;
  kinds.vil_has_note = 1;
  return shapes_kinds_check(&kinds);
}

static bool with_rest(shapes_side_t side, shapes_flags_t flags, int32_t stored, uint8_t percent) {
  shapes_kinds_t kinds = legal();
  kinds.side = side;
  kinds.flags = flags;
  kinds.stored = stored;
  kinds.percent = percent;
  return shapes_kinds_check(&kinds);
}

static int kinds(void) {
  HOLDS(with_rest(1, 131, 1, 100));
  HOLDS(!with_rest(0, 0, 1, 0));
  HOLDS(!with_rest(1, 4, 1, 0));
  HOLDS(!with_rest(1, 0, 255, 0));
  HOLDS(!with_rest(1, 0, 1, 101));
  HOLDS(with_point(0, NAN, 1));
  HOLDS(with_point(2000, 0, 0));
  HOLDS(!with_point(2000, 0, 1));
  HOLDS(!with_point(NAN, 0, 1));
  HOLDS(!with_point(0, 0, 2));
  HOLDS(with_note(5) && with_note(0) && !with_note(4));
  return 0;
}

static int arrays(void) {
  shapes_arrays_t made;
  shapes_arrays_init(&made);
  HOLDS(!shapes_arrays_check(&made)); /* no side has the number 0 */
  for (int i = 0; i < 3; ++i) made.sides[i] = SHAPES_SIDE_BUY;
  made.samples[1].x = 5000;
  made.used = 1;
  HOLDS(shapes_arrays_check(&made));
  made.used = 2;
  HOLDS(!shapes_arrays_check(&made));
  made.samples[1].x = 0;
  made.used = 5;
  HOLDS(!shapes_arrays_check(&made));
  made.used = 4;
  HOLDS(shapes_arrays_check(&made));
  made.matrix[1][2] = 10;
  HOLDS(!shapes_arrays_check(&made));
  return 0;
}

static int unions(void) {
  shapes_outcome_t outcome;
  shapes_choice_t choice;
  memset(&outcome, 0xff, sizeof outcome);
  HOLDS(!shapes_outcome_check(&outcome));
  shapes_outcome_set_failed(&outcome)->code = -5;
  HOLDS(outcome.vil_pad_4[3] == 0 && outcome.vil_arm.vil_bytes[39] == 0);
  HOLDS(shapes_outcome_check(&outcome));
  HOLDS(shapes_outcome_as_failed(&outcome)->code == -5);
  HOLDS(shapes_outcome_as_done(&outcome) == NULL && shapes_outcome_as_text(&outcome) == NULL);
  shapes_choice_init(&choice);
  choice.vil_tag = 9;
  HOLDS(shapes_choice_check(&choice));
  HOLDS(strcmp(shapes_side_name(SHAPES_SIDE_SELL), "sell") == 0 && shapes_side_name(9) == NULL);
  HOLDS(shapes_flags_known(3) && !shapes_flags_known(4));
  return 0;
}

int main(void) {
  const int first = kinds(), second = arrays(), third = unions();
  return first != 0 ? first : second != 0 ? second : third;
}
