// Asks for a world that is not there, and prints what libvil says to it.
#include <cstdio>

#include <vil/vil.hpp>

int main() {
  const auto world = vil::World::open("nowhere");
  if (world) return 1;
  std::printf("libvil %s: %s\n", vil_version(), vil::name(world.status()));
  return world.status() == vil::Status::e_not_found ? 0 : 1;
}
