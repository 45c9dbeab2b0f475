/* Listens in C++: greetings, read where the speaker wrote them.
   c++ -std=c++17 examples-c/hello/listen.cpp -Iinclude -Ibindings/cpp/include -Iexamples-c/hello/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/listen */
#include <cstdio>

#include "hello_listen.hpp"

// Says on stderr what did not work and why.
static int failed(const char *what, const char *why) { return std::fprintf(stderr, "%s: %s\n", what, why), 1; }

int main(int argc, char **argv) {
  const char *world = argc > 1 ? argv[1] : "hello";
  auto self = hello::Listen::open_or_create(world);
  if (!self) return failed("open", self.error().message());
  for (int i = 0; i < 3; ++i) {
    auto greeting = self->greetings.receive(vil::forever);
    if (!greeting) return failed("receive", vil::name(greeting.error()));
    std::printf("%u %.28s\n", unsigned{(*greeting)->number}, reinterpret_cast<const char *>((*greeting)->text.data()));
  }
  const auto gone = vil::World::unlink(world);
  return gone ? 0 : failed("unlink", gone.error().message());
}
