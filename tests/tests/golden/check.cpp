// What the C++ checks and unions of shapes.yaml promise; answers the number of the first line that does not hold.
#include <cstring>

#include "shapes.hpp"

using namespace shapes;

#define HOLDS(condition) \
  if (!(condition)) return __LINE__

constexpr float nan_value = std::numeric_limits<float>::quiet_NaN();

template <typename Change>
static bool changed(Change change) {
  Kinds kinds{};
  kinds.side = Side::sell;
  kinds.stored = -1;
  change(kinds);
  return check(kinds);
}

static int kinds() {
  HOLDS(changed([](Kinds &k) { k.flags = Flags::dirty | Flags::last_one; }));
  HOLDS(!changed([](Kinds &k) { k.side = Side{}; }));
  HOLDS(!changed([](Kinds &k) { k.flags = static_cast<Flags>(4); }));
  HOLDS(!changed([](Kinds &k) { k.stored = 255; }));
  HOLDS(!changed([](Kinds &k) { k.percent = 101; }));
  HOLDS(changed([](Kinds &k) { k.vil_has_point = 1, k.point = {0, nan_value}; }));
  HOLDS(changed([](Kinds &k) { k.point = {2000, 0}; }));
  HOLDS(!changed([](Kinds &k) { k.vil_has_point = 1, k.point = {2000, 0}; }));
  HOLDS(!changed([](Kinds &k) { k.vil_has_point = 1, k.point = {nan_value, 0}; }));
  HOLDS(!changed([](Kinds &k) { k.vil_has_point = 2; }));
  HOLDS(changed([](Kinds &k) { k.vil_has_note = 1; }));
  HOLDS(!changed([](Kinds &k) { k.vil_has_note = 1, k.note = 4; }));
  return 0;
}

static int arrays() {
  Arrays made{};
  HOLDS(!check(made));  // no side has the number 0
  made.sides.fill(Side::buy);
  made.samples[1].x = 5000;
  made.used = 1;
  HOLDS(check(made));
  made.used = 2;
  HOLDS(!check(made));
  made.samples[1].x = 0;
  made.used = 5;
  HOLDS(!check(made));
  made.used = 4;
  HOLDS(check(made));
  made.matrix[1][2] = 10;
  HOLDS(!check(made));
  return 0;
}

static int unions() {
  Outcome outcome;
  std::memset(&outcome, 0xff, sizeof outcome);
  HOLDS(!check(outcome));
  outcome.set_failed().code = -5;
  HOLDS(outcome.vil_pad_4[3] == 0 && outcome.vil_arm.vil_bytes[39] == 0);
  HOLDS(check(outcome));
  HOLDS(outcome.as_failed()->code == -5);
  HOLDS(outcome.as_done() == nullptr && outcome.as_text() == nullptr);
  const Outcome made = Outcome::failed(-5, Point{1, 2});
  HOLDS(made.vil_tag == Outcome::kTagFailed && made.as_failed()->where_.y == 2);
  Choice choice{};
  choice.vil_tag = 9;
  HOLDS(check(choice));
  HOLDS(std::strcmp(name(Side::sell), "sell") == 0 && name(static_cast<Side>(9)) == nullptr);
  HOLDS(known(static_cast<Flags>(3)) && !known(static_cast<Flags>(4)));
  return 0;
}

int main() {
  const int first = kinds(), second = arrays(), third = unions();
  return first != 0 ? first : second != 0 ? second : third;
}
