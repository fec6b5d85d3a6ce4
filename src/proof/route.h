// SPDX-License-Identifier: Apache-2.0
// The ways out of a process that the proof tries. Internal to the folder but for their names.
//
// A route is tried in a child of its own: once as it is, to know whether it leads anywhere on this
// machine, then in a child that has locked itself in, where it must meet the errno that is named.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace hearth {

// Where the ways lead: all ends are the proof's own, on this machine.
struct Doors {
  // Ports of loopback; where nothing can listen, one that nobody listens on.
  uint16_t tcp4_port = 9;
  uint16_t tcp6_port = 9;
  uint16_t udp4_port = 9;
  std::string unix_path;                 // a listening stream socket
  std::string abstract_name;             // another, by a name that is no file
  std::string pipe_path;                 // a named pipe that is being read
  std::string outside_path;              // a file to be, where nothing may be written
  pid_t neighbour = 0;                   // a process of the same user: the parent
  int neighbour_socket = -1;             // an open socket of it
  const char* neighbour_word = nullptr;  // memory of it, of kNeighbourWordBytes
};

inline constexpr std::size_t kNeighbourWordBytes = 8;

enum class Needs { kNothing, kLandlock };

struct Route {
  std::string_view name;
  std::string_view tried;     // for people
  std::string_view expected;  // how it fails in a locked child: "EPERM"
  // Returns 0 where it got out, else an errno or an EAI_ code (which are negative). May not return:
  // where it starts a program, whose exit status and complaint then count.
  int (*attempt)(const Doors& doors, int planted);
  // Before the child locks itself in: opens a descriptor that somebody is to have forgotten.
  // Returns it, or -1. May be null.
  int (*plant)(const Doors& doors) = nullptr;
  // Landlock: where the kernel has none, files may be written, and the lockdown does not say
  // otherwise.
  Needs needs = Needs::kNothing;
};

std::vector<Route> socket_routes();
std::vector<Route> process_routes();

}  // namespace hearth
