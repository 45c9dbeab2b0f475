// A program: the canonical JSON from which a world is made.
#ifndef VIL_PROGRAM_HPP
#define VIL_PROGRAM_HPP

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "vil/result.hpp"

namespace vil {

// Owns the parsed program; move-only.
class Program {
 public:
  // `json` is canonical JSON, as `vil gen` embeds it and `vil dump` prints it.
  static Result<Program> parse(std::string_view json) noexcept {
    return load(json, nullptr, 0);
  }

  // As parse, with the plan that `vil gen` embeds beside the text: what parsing, checking and planning came to is read
  // from it. A plan of another form than this libvil's, or of another text, is not used, and the program is parsed.
  template <std::size_t N>
  static Result<Program> load(std::string_view json, const std::uint64_t (&plan)[N]) noexcept {
    return load(json, plan, N);
  }

  // The same with a plan of this many words.
  static Result<Program> load(std::string_view json, const std::uint64_t *plan, std::size_t words) noexcept {
    vil_program_t *program = nullptr;
    vil_error_t error{};
    const std::size_t size = words * sizeof *plan;
    const vil_status_t status = vil_program_load(json.data(), json.size(), plan, size, &program, &error);
    if (status != VIL_OK) return detail::error_of(status, error);
    return Program(program);
  }

  Program(Program &&other) noexcept : program_(std::exchange(other.program_, nullptr)) {}
  Program &operator=(Program &&other) noexcept {
    std::swap(program_, other.program_);
    return *this;
  }
  Program(const Program &) = delete;
  Program &operator=(const Program &) = delete;
  ~Program() {
    if (program_ != nullptr) (void)vil_program_close(program_);
  }

  // SHA-256 over the program.
  [[nodiscard]] Result<std::array<std::uint8_t, 32>, Status> fingerprint() const noexcept {
    std::array<std::uint8_t, 32> out{};
    const vil_status_t status = vil_program_fingerprint(program_, out.data());
    if (status != VIL_OK) return static_cast<Status>(status);
    return out;
  }

  // Bytes of the canonical JSON, without a NUL.
  [[nodiscard]] Result<std::size_t, Status> dump_size() const noexcept {
    std::size_t size = 0;
    const vil_status_t status = vil_program_dump(program_, nullptr, 0, &size);
    if (status != VIL_OK) return static_cast<Status>(status);
    return size;
  }

  // Writes the canonical JSON and a NUL, or nothing where `capacity` is not more than dump_size(). Answers a view of it.
  Result<std::string_view, Status> dump(char *buffer, std::size_t capacity) const noexcept {
    std::size_t size = 0;
    if (buffer == nullptr) return Status::e_argument;
    const vil_status_t status = vil_program_dump(program_, buffer, capacity, &size);
    if (status != VIL_OK) return static_cast<Status>(status);
    return std::string_view(buffer, size);
  }

  [[nodiscard]] vil_program_t *get() const noexcept { return program_; }

 private:
  explicit Program(vil_program_t *program) noexcept : program_(program) {}

  vil_program_t *program_;
};

}  // namespace vil

#endif
