// SPDX-License-Identifier: Apache-2.0
// Ways out by sockets: new ones, ones that somebody forgot, ones that others hand over, and those
// that libc opens.
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/vm_sockets.h>
#include <netdb.h>
#include <netinet/in.h>
#include <resolv.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "proof/route.h"

namespace hearth {
namespace {

// 0 where `result` says success, else errno.
int outcome(long result) { return result >= 0 ? 0 : errno; }

sockaddr_in loopback4(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

const sockaddr* generic(const void* address) { return static_cast<const sockaddr*>(address); }

int connect_stream(const void* address, socklen_t bytes) {
  const int fd = ::socket(generic(address)->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  return outcome(::connect(fd, generic(address), bytes));
}

int try_tcp4(const Doors& doors, int) {
  const sockaddr_in address = loopback4(doors.tcp4_port);
  return connect_stream(&address, sizeof address);
}

int try_tcp6(const Doors& doors, int) {
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_port = htons(doors.tcp6_port);
  address.sin6_addr = in6addr_loopback;
  return connect_stream(&address, sizeof address);
}

int try_udp(const Doors& doors, int) {
  const sockaddr_in address = loopback4(doors.udp4_port);
  const int fd = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return errno;
  return outcome(::sendto(fd, "x", 1, 0, generic(&address), sizeof address));
}

int try_unix(const std::string& name, bool is_abstract) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t begin = is_abstract ? 1 : 0;
  name.copy(address.sun_path + begin, sizeof address.sun_path - 2);
  return connect_stream(&address, static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + begin +
                                                         name.size() + (is_abstract ? 0 : 1)));
}

int try_unix_path(const Doors& doors, int) { return try_unix(doors.unix_path, false); }
int try_unix_abstract(const Doors& doors, int) { return try_unix(doors.abstract_name, true); }

int try_raw(const Doors&, int) {
  return outcome(::socket(AF_INET, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_ICMP));
}
int try_packet(const Doors&, int) {
  return outcome(::socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0));
}
int try_netlink(const Doors&, int) {
  return outcome(::socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE));
}
int try_vsock(const Doors&, int) {
  return outcome(::socket(AF_VSOCK, SOCK_STREAM | SOCK_CLOEXEC, 0));
}

// The resolver's only server is the witness, who sees the question where it is asked.
int try_dns(const Doors& doors, int) {
  ::res_init();
  _res.nscount = 1;
  _res.nsaddr_list[0] = loopback4(doors.udp4_port);
  _res.retrans = 1;
  _res.retry = 1;
  addrinfo* found = nullptr;
  const int error = ::getaddrinfo("proof.hearth.invalid.", "443", nullptr, &found);
  if (found != nullptr) ::freeaddrinfo(found);
  return error;
}

int plant_datagram(const Doors&) { return ::socket(AF_INET, SOCK_DGRAM, 0); }

int plant_connected(const Doors& doors) {
  const int fd = ::socket(AF_INET, SOCK_DGRAM, 0);
  const sockaddr_in address = loopback4(doors.udp4_port);
  return ::connect(fd, generic(&address), sizeof address) == 0 ? fd : -1;
}

// As stdin, which a lockdown leaves open.
int plant_on_stdin(int fd) { return fd >= 0 ? ::dup2(fd, 0) : -1; }
int plant_datagram_on_stdin(const Doors& doors) { return plant_on_stdin(plant_datagram(doors)); }
int plant_stream_on_stdin(const Doors&) {
  return plant_on_stdin(::socket(AF_INET, SOCK_STREAM, 0));
}

int try_write(const Doors&, int planted) { return outcome(::write(planted, "x", 1)); }

int try_sendto(const Doors& doors, int planted) {
  const sockaddr_in address = loopback4(doors.udp4_port);
  return outcome(::sendto(planted, "x", 1, 0, generic(&address), sizeof address));
}

msghdr message_to(sockaddr_in& address, iovec& text) {
  msghdr message{};
  message.msg_name = &address;
  message.msg_namelen = sizeof address;
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  return message;
}

int try_sendmsg(const Doors& doors, int planted) {
  char byte = 'x';
  iovec text{&byte, 1};
  sockaddr_in address = loopback4(doors.udp4_port);
  const msghdr message = message_to(address, text);
  return outcome(::sendmsg(planted, &message, 0));
}

int try_sendmmsg(const Doors& doors, int planted) {
  char byte = 'x';
  iovec text{&byte, 1};
  sockaddr_in address = loopback4(doors.udp4_port);
  mmsghdr messages{};
  messages.msg_hdr = message_to(address, text);
  return outcome(::sendmmsg(planted, &messages, 1, 0));
}

int try_connect(const Doors& doors, int planted) {
  const sockaddr_in address = loopback4(doors.tcp4_port);
  return outcome(::connect(planted, generic(&address), sizeof address));
}

// Waits to be fetched: a listening socket needs no name, the kernel gives it a port.
int try_listen(const Doors&, int planted) { return outcome(::listen(planted, 1)); }

int try_options(const Doors&, int planted) {
  const int hops = 1;
  return outcome(::setsockopt(planted, IPPROTO_IP, IP_TTL, &hops, sizeof hops));
}

// Room for one descriptor in a message.
union Rights {
  char bytes[CMSG_SPACE(sizeof(int))];
  cmsghdr aligned;
};

// Stdin becomes the end of a channel in which a connected socket waits.
int plant_channel(const Doors& doors) {
  int channel[2];
  int handed = plant_connected(doors);
  if (handed < 0 || ::socketpair(AF_UNIX, SOCK_STREAM, 0, channel) != 0) return -1;
  char byte = 'x';
  iovec text{&byte, 1};
  Rights rights{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = rights.bytes;
  message.msg_controllen = sizeof rights.bytes;
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  header->cmsg_level = SOL_SOCKET;
  header->cmsg_type = SCM_RIGHTS;
  header->cmsg_len = CMSG_LEN(sizeof handed);
  std::memcpy(CMSG_DATA(header), &handed, sizeof handed);
  if (::sendmsg(channel[1], &message, 0) != 1) return -1;
  ::close(handed);
  return plant_on_stdin(channel[0]);
}

int write_to_received(const msghdr& message) {
  cmsghdr* const header = CMSG_FIRSTHDR(&message);
  if (header == nullptr || header->cmsg_type != SCM_RIGHTS) return ENOMSG;
  int received = -1;
  std::memcpy(&received, CMSG_DATA(header), sizeof received);
  return outcome(::write(received, "x", 1));
}

int try_scm_rights(const Doors&, int planted) {
  char byte = 0;
  iovec text{&byte, 1};
  Rights rights{};
  msghdr message{};
  message.msg_iov = &text;
  message.msg_iovlen = 1;
  message.msg_control = rights.bytes;
  message.msg_controllen = sizeof rights.bytes;
  if (::recvmsg(planted, &message, MSG_DONTWAIT) < 0) return errno;
  return write_to_received(message);
}

int try_scm_rights_mmsg(const Doors&, int planted) {
  char byte = 0;
  iovec text{&byte, 1};
  Rights rights{};
  mmsghdr messages{};
  messages.msg_hdr.msg_iov = &text;
  messages.msg_hdr.msg_iovlen = 1;
  messages.msg_hdr.msg_control = rights.bytes;
  messages.msg_hdr.msg_controllen = sizeof rights.bytes;
  if (::recvmmsg(planted, &messages, 1, MSG_DONTWAIT, nullptr) < 0) return errno;
  return write_to_received(messages.msg_hdr);
}

// A ring does all of the above without a system call that a filter could see.
int try_io_uring(const Doors&, int) {
  alignas(8) std::array<char, 256> parameters{};
  return outcome(::syscall(SYS_io_uring_setup, 4, parameters.data()));
}

}  // namespace

std::vector<Route> socket_routes() {
  return {
      {"tcp4", "connect to a TCP port, IPv4", "EPERM", try_tcp4},
      {"tcp6", "connect to a TCP port, IPv6", "EPERM", try_tcp6},
      {"udp", "sendto a UDP port", "EPERM", try_udp},
      {"dns", "getaddrinfo, by libc's own resolver", "EAI_AGAIN", try_dns},
      {"raw", "a raw socket of ICMP", "EPERM", try_raw},
      {"packet", "a socket of whole packets", "EPERM", try_packet},
      {"netlink", "a socket to the kernel's routing", "EPERM", try_netlink},
      {"vsock", "a socket to the machine's host", "EPERM", try_vsock},
      {"unix-path", "connect to a Unix socket in the file system", "EPERM", try_unix_path},
      {"unix-abstract", "connect to a Unix socket by abstract name", "EPERM", try_unix_abstract},
      {"leaked-write", "write to a connected socket left open", "EBADF", try_write,
       plant_connected},
      {"leaked-sendmsg", "sendmsg with an address on a UDP socket left open", "EPERM", try_sendmsg,
       plant_datagram},
      {"stdin-sendto", "sendto an address where stdin is a UDP socket", "EPERM", try_sendto,
       plant_datagram_on_stdin},
      {"stdin-sendmsg", "sendmsg with an address where stdin is a UDP socket", "EPERM", try_sendmsg,
       plant_datagram_on_stdin},
      {"stdin-sendmmsg", "sendmmsg with an address where stdin is a UDP socket", "EPERM",
       try_sendmmsg, plant_datagram_on_stdin},
      {"stdin-connect", "connect where stdin is a TCP socket", "EPERM", try_connect,
       plant_stream_on_stdin},
      {"stdin-listen", "listen where stdin is a TCP socket", "EPERM", try_listen,
       plant_stream_on_stdin},
      {"stdin-options", "set options of IP, as a route, where stdin is a TCP socket", "EPERM",
       try_options, plant_stream_on_stdin},
      {"scm-rights", "recvmsg takes a socket that another process hands over", "EPERM",
       try_scm_rights, plant_channel},
      {"scm-rights-mmsg", "recvmmsg takes a socket that another process hands over", "EPERM",
       try_scm_rights_mmsg, plant_channel},
      {"io_uring", "io_uring_setup", "EPERM", try_io_uring},
  };
}

}  // namespace hearth
