/* Hello from C++: three greetings, written where the listener reads them.
   c++ -std=c++17 examples-c/hello/speak.cpp -Iinclude -Ibindings/cpp/include -Iexamples-c/hello/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/speak */
#include <cstdio>

#include "hello_speak.hpp"

// Says on stderr what did not work and why.
static int failed(const char *what, const char *why) { return std::fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  auto self = hello::Speak::open_or_create(argc > 1 ? argv[1] : "hello");
  if (!self) return failed("open", self.error().message());
  for (std::uint32_t number = 1; number <= 3; ++number) {
    auto loan = self->greetings.loan();
    if (!loan) return failed("loan", vil::name(loan.error()));
    hello::Greeting &greeting = **loan;
    greeting = {};
    greeting.number = number;
    std::snprintf(reinterpret_cast<char *>(greeting.text.data()), greeting.text.size(), "hello from C++");
    const auto sent = loan->publish();
    if (!sent) return failed("publish", vil::name(sent.error()));
  }
}
