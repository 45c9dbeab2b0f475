/* A victim in C++, through the wrappers: as victim.c, but for the lane of parcels.
   `victim PROGRAM DIARY SCRIPT`. */
#include <chrono>
#include <deque>
#include <optional>

#include "lanes.h"
#include "steps.hpp"
#include "vil/vil.hpp"

namespace {

using steps::Letter;
using vil::Status;

constexpr int letter_lanes = 4;

struct Lane {
  std::optional<vil::Sender<Letter>> sender;
  std::optional<vil::Receiver<Letter>> receiver;
  std::deque<vil::Loan<Letter>> loans;
  std::deque<vil::Incoming<Letter>> held;
  std::uint64_t next = 0, cursor = 0;
};

// An end is closed before what it lent is gone, as in C; so what it lent is forgotten, not given back.
template <typename T>
void forget(std::deque<T> &all) {
  for (T &one : all) new (&one) T(nullptr);
  all.clear();
}

Lane lanes[letter_lanes];
std::optional<vil::World> worlds[2];
std::optional<vil::Program> program;
diary_t *book;

constexpr vil_port_contract_t left_ports[] = {
    vil::out_port<Letter>("letters"), vil::out_port<Letter>("skips"), vil::out_port<Letter>("notes"),
    vil::out_port<steps::Parcel>("parcels"), vil::in_port<Letter>("back")};
constexpr vil_port_contract_t right_ports[] = {
    vil::in_port<Letter>("letters"), vil::in_port<Letter>("skips"), vil::in_port<Letter>("notes"),
    vil::in_port<steps::Parcel>("parcels"), vil::out_port<Letter>("back")};
constexpr vil_contract_t roles[2] = {vil::contract("steps", "left", left_ports),
                                     vil::contract("steps", "right", right_ports)};

template <typename R>
auto need(const char *what, R result) {
  if (!result) fail(what, static_cast<int>(result.status()));
  return std::move(*result);
}

void benign(const char *what, Status status) {
  if (static_cast<int>(status) < 0 && status != Status::e_limit && status != Status::e_nomem) {
    fail(what, static_cast<int>(status));
  }
}

void enter(int role) {
  if (worlds[role]) return;
  auto world = program ? vil::World::open_or_create("steps", *program, &roles[role])
                       : vil::World::open("steps", &roles[role]);
  worlds[role] = need("enter", std::move(world));
}

void open_sender(Lane &lane, const lane_name_t &name, lane_diary_t &says) {
  if (!worlds[name.producer] || lane.sender) return;
  lane.sender = need(name.port, vil::Sender<Letter>::open(*worlds[name.producer], name.port));
  lane.next = need("published", lane.sender->published());
  settle("published", lane.next, &says.attempted, &says.published);
}

void close_sender(Lane &lane) {
  lane.sender.reset();
  forget(lane.loans);
}

void open_receiver(Lane &lane, const lane_name_t &name, lane_diary_t &says, bool skips) {
  if (!worlds[name.consumer] || lane.receiver) return;
  lane.receiver = need(name.port, vil::Receiver<Letter>::open(*worlds[name.consumer], name.port));
  lane.cursor = need("received", lane.receiver->received());
  if (skips) says.releasing = says.attempted;
  settle("received", lane.cursor, &says.releasing, &says.released);
}

void close_receiver(Lane &lane) {
  lane.receiver.reset();
  forget(lane.held);
}

Letter message(std::uint64_t number) {
  Letter letter{};
  letter.number = number;
  letter.check = ~number;
  letter.rest.fill(static_cast<std::uint8_t>(number));
  return letter;
}

void loan(Lane &lane) {
  if (!lane.sender || lane.loans.size() == HELD) return;
  auto loan = lane.sender->loan();
  if (loan) lane.loans.push_back(std::move(*loan));
  else benign("loan", loan.error());
}

void publish(Lane &lane, lane_diary_t &says) {
  if (lane.loans.empty()) return;
  *lane.loans.front() = message(lane.next);
  says.attempted = lane.next + 1;
  auto published = lane.loans.front().publish();
  if (published) says.published = ++lane.next;
  else benign("publish", published.error());
  says.attempted = lane.next;
  if (!lane.loans.front()) lane.loans.pop_front();
}

void send(Lane &lane, lane_diary_t &says) {
  if (!lane.sender) return;
  says.attempted = lane.next + 1;
  auto sent = lane.sender->send(message(lane.next));
  if (sent) says.published = ++lane.next;
  else benign("send", sent.error());
  says.attempted = lane.next;
}

void receive(Lane &lane, std::chrono::nanoseconds timeout) {
  if (!lane.receiver || lane.held.size() == HELD) return;
  auto incoming = lane.receiver->receive(timeout);
  if (!incoming) return benign("receive", incoming.error());
  const std::uint64_t number = lane.cursor++;
  const Letter expected = message(number);
  const bool is_whole = incoming->number() == number && (*incoming)->number == expected.number &&
                        (*incoming)->check == expected.check && (*incoming)->rest == expected.rest;
  if (!is_whole) fail("another message than", static_cast<long long>(number));
  lane.held.push_back(std::move(*incoming));
}

void release(Lane &lane, lane_diary_t &says, bool youngest) {
  if (lane.held.empty()) return;
  const std::size_t position = youngest ? lane.held.size() - 1 : 0;
  const std::size_t first = position == 0 ? 1 : 0;
  const std::uint64_t number = first < lane.held.size() ? lane.held[first].number() : lane.cursor;
  says.releasing = number;
  if (auto released = lane.held[position].release(); !released) fail("release", static_cast<int>(released.error()));
  says.released = number;
  lane.held.erase(lane.held.begin() + static_cast<std::ptrdiff_t>(position));
}

void wait_for_any() {
  if (!lanes[0].receiver || !lanes[2].receiver) return;
  auto index = vil::wait_any(std::chrono::microseconds(200), *lanes[0].receiver, *lanes[2].receiver);
  if (!index) benign("wait", index.error());
}

void look(const vil::World &world) {
  const std::uint32_t count = need("routes", world.route_count());
  for (std::uint32_t i = 0; i < count; ++i) need("route", world.route(i));
  if (auto process = world.process(0); !process) benign("process", process.error());
}

void act_on_world(char what) {
  const vil::World &world = worlds[0] ? *worlds[0] : *worlds[1];
  if (what == 'i') return look(world);
  if (what == 'c') return void(need("recover", world.recover()));
  if (need("audit", world.audit()).leaked_slots != 0) fail("leaked", 0);
}

void act_on_lane(char what, int at) {
  Lane &lane = lanes[at];
  const lane_name_t &name = lane_names[at];
  lane_diary_t &says = book->lanes[at];
  switch (what) {
    case 'S': return open_sender(lane, name, says);
    case 's': return close_sender(lane);
    case 'R': return open_receiver(lane, name, says, at == 1);
    case 'r': return close_receiver(lane);
    case 'l': return loan(lane);
    case 'd':
      if (!lane.loans.empty()) lane.loans.pop_back();
      return;
    case 'p': return publish(lane, says);
    case 'n': return send(lane, says);
    case 'g': return receive(lane, {});
    case 'G': return receive(lane, std::chrono::microseconds(100));
    case 'o': return release(lane, says, false);
    case 'y': return release(lane, says, true);
    default: fail("no such act", what);
  }
}

void act(char what, int at, const char *text) {
  switch (what) {
    case 'm': return mark();
    case 'J': program = need("parse", vil::Program::parse(text)); return;
    case 'j': return program.reset();
    case 'W': return enter(at);
    case 'V': return worlds[at].reset();
    case 'w': return wait_for_any();
    case 'u':
      if (!vil::World::unlink("steps")) fail("unlink", 0);
      return;
    case 'a': case 'c': case 'i':
      if (worlds[0] || worlds[1]) act_on_world(what);
      return;
    default:
      if (at < letter_lanes) act_on_lane(what, at);
  }
}

}  // namespace

int main(int argc, char **argv) {
  if (argc != 4) fail("usage: victim PROGRAM DIARY SCRIPT", argc);
  const char *text = text_of(argv[1]);
  book = open_diary(argv[2]);
  for (const char *at = argv[3]; at[0] != 0 && at[1] != 0; at += 2) {
    if (at[1] < '0' || at[1] >= '0' + LANES) fail("no such lane", at[1]);
    act(at[0], at[1] - '0', text);
  }
  // As a victim in C: what is still held is not given back one by one.
  for (Lane &lane : lanes) close_sender(lane), close_receiver(lane);
  return 0;
}
