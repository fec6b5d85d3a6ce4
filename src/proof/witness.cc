// SPDX-License-Identifier: Apache-2.0
#include "proof/witness.h"

#include <fcntl.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/files.h"
#include "base/strings.h"

namespace hearth {
namespace {

constexpr char kNeighbourWord[kNeighbourWordBytes + 1] = "neighbor";
constexpr int kFlags = SOCK_NONBLOCK | SOCK_CLOEXEC;
constexpr std::size_t kDnsHeaderBytes = 12;

// A socket that is bound, and listens where it is one of connections; -1 where that cannot be.
int open_socket(int type, const void* address, socklen_t bytes) {
  const auto* generic = static_cast<const sockaddr*>(address);
  const int fd = ::socket(generic->sa_family, type | kFlags, 0);
  if (fd < 0) return -1;
  if (::bind(fd, generic, bytes) == 0 && (type == SOCK_DGRAM || ::listen(fd, 16) == 0)) return fd;
  ::close(fd);
  return -1;
}

// Loopback's port of a socket; `otherwise` where there is none.
uint16_t port_of(int fd, uint16_t otherwise) {
  sockaddr_storage name{};
  socklen_t bytes = sizeof name;
  if (fd < 0 || ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &bytes) != 0) {
    return otherwise;
  }
  if (name.ss_family == AF_INET) return ntohs(reinterpret_cast<sockaddr_in*>(&name)->sin_port);
  return ntohs(reinterpret_cast<sockaddr_in6*>(&name)->sin6_port);
}

int open_unix(std::string_view name, bool is_abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t begin = is_abstract ? 1 : 0;  // an abstract name begins with a zero byte
  if (begin + name.size() >= sizeof address.sun_path) return -1;
  name.copy(address.sun_path + begin, name.size());
  return open_socket(SOCK_STREAM, &address,
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + begin + name.size() +
                                            (is_abstract ? 0 : 1)));
}

}  // namespace

Result<std::unique_ptr<Witness>> Witness::create() {
  std::error_code failed;
  const std::filesystem::path parent = std::filesystem::temp_directory_path(failed);
  std::string pattern = ((failed ? "/tmp" : parent) / "hearth-proof-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) {
    return file_error(errno, "cannot make a folder in", failed ? "/tmp" : parent);
  }
  std::unique_ptr<Witness> witness(new Witness());
  witness->folder_ = pattern;
  witness->listen_everywhere();
  return witness;
}

void Witness::listen_everywhere() {
  doors_.unix_path = (folder_ / "socket").string();
  doors_.abstract_name = folder_.filename().string();
  doors_.pipe_path = (folder_ / "pipe").string();
  doors_.outside_path = (folder_ / "outside").string();

  sockaddr_in loopback4{};
  loopback4.sin_family = AF_INET;
  loopback4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  tcp4_ = open_socket(SOCK_STREAM, &loopback4, sizeof loopback4);
  udp4_ = open_socket(SOCK_DGRAM, &loopback4, sizeof loopback4);
  sockaddr_in6 loopback6{};
  loopback6.sin6_family = AF_INET6;
  loopback6.sin6_addr = in6addr_loopback;
  tcp6_ = open_socket(SOCK_STREAM, &loopback6, sizeof loopback6);
  doors_.tcp4_port = port_of(tcp4_, doors_.tcp4_port);
  doors_.udp4_port = port_of(udp4_, doors_.udp4_port);
  doors_.tcp6_port = port_of(tcp6_, doors_.tcp6_port);

  unix_ = open_unix(doors_.unix_path, false);
  abstract_ = open_unix(doors_.abstract_name, true);
  if (::mkfifo(doors_.pipe_path.c_str(), 0600) == 0) {
    // For writing too: else a writer that goes would end it for good.
    pipe_ = ::open(doors_.pipe_path.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC);
  }
  doors_.neighbour = ::getpid();
  doors_.neighbour_socket = udp4_;
  doors_.neighbour_word = kNeighbourWord;
}

Witness::~Witness() {
  for (const int fd : {tcp4_, tcp6_, unix_, abstract_, udp4_, pipe_}) {
    if (fd >= 0) ::close(fd);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
}

bool Witness::saw_something() {
  bool saw = false;
  for (const int listener : {tcp4_, tcp6_, unix_, abstract_}) saw |= take_connections(listener);
  saw |= take_datagrams();
  saw |= take_pipe();
  saw |= take_file();
  return saw;
}

bool Witness::take_connections(int listener) const {
  bool saw = false;
  for (int fd = -1; listener >= 0 && (fd = ::accept4(listener, nullptr, nullptr, kFlags)) >= 0;) {
    ::close(fd);
    saw = true;
  }
  return saw;
}

bool Witness::take_datagrams() const {
  bool saw = false;
  std::array<unsigned char, 512> data{};
  sockaddr_in from{};
  socklen_t from_bytes = sizeof from;
  auto* generic = reinterpret_cast<sockaddr*>(&from);
  for (ssize_t bytes = 0; udp4_ >= 0 && (bytes = ::recvfrom(udp4_, data.data(), data.size(), 0,
                                                            generic, &from_bytes)) >= 0;
       from_bytes = sizeof from) {
    saw = true;
    if (static_cast<std::size_t>(bytes) < kDnsHeaderBytes) continue;
    data[2] = 0x81;  // RFC 1035, 4.1.1: an answer
    data[3] = 0x83;  // no such name
    ::sendto(udp4_, data.data(), static_cast<std::size_t>(bytes), 0, generic, from_bytes);
  }
  return saw;
}

bool Witness::take_pipe() const {
  bool saw = false;
  std::array<char, 64> data{};
  while (pipe_ >= 0 && ::read(pipe_, data.data(), data.size()) > 0) saw = true;
  return saw;
}

bool Witness::take_file() const { return ::unlink(doors_.outside_path.c_str()) == 0; }

}  // namespace hearth
