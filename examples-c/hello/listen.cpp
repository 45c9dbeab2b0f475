/* Listens in C++: greetings, read where the speaker wrote them.
   c++ -std=c++17 examples-c/hello/listen.cpp -Iinclude -Ibindings/cpp/include -Iexamples-c/hello/generated -Ltarget/artifact/release -lvil \
      -Wl,-rpath,target/artifact/release -o target/listen */
#include <cstdio>

#include "hello_listen.hpp"

int main(int argc, char **argv) {
  const char *world = argc > 1 ? argv[1] : "hello";
  auto self = hello::Listen::open_or_create(world);
  if (!self) return std::puts(self.error().message()), 1;
  for (int i = 0; i < 3; ++i) {
    auto greeting = self->greetings.receive(vil::forever);
    if (!greeting) return 1;
    std::printf("%u %.28s\n", unsigned{(*greeting)->number}, reinterpret_cast<const char *>((*greeting)->text.data()));
  }
  return vil::World::unlink(world) ? 0 : 1;
}
