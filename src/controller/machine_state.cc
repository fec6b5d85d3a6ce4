// SPDX-License-Identifier: Apache-2.0
#include "controller/machine_state.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"

namespace hearth {
namespace {

constexpr std::size_t kTableBytesMax = 1 << 20;
constexpr std::size_t kValueBytesMax = 256;

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (true) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) return words;
    line.remove_prefix(begin);
    const std::size_t end = std::min(line.find_first_of(" \t"), line.size());
    words.push_back(line.substr(0, end));
    line.remove_prefix(end);
  }
}

template <typename Visit>
void for_each_line(std::string_view text, const Visit& visit) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    visit(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

// proc_net_route(5): a heading, then a line for each route, the interface first.
bool has_route_v4(std::string_view table) {
  bool is_heading = true;
  bool found = false;
  for_each_line(table, [&](std::string_view line) {
    const auto words = words_of(line);
    if (!is_heading && !words.empty() && words.front() != "lo") found = true;
    is_heading = false;
  });
  return found;
}

// A line for each route: destination first, interface last. Link-local and multicast ones lead
// nowhere.
bool has_route_v6(std::string_view table) {
  bool found = false;
  for_each_line(table, [&](std::string_view line) {
    const auto words = words_of(line);
    if (words.empty() || words.back() == "lo") return;
    if (!words.front().starts_with("fe8") && !words.front().starts_with("ff")) found = true;
  });
  return found;
}

// Files of the kernel say that they are empty: read_file() reads them all the same.
std::string text_of(const std::filesystem::path& path, std::size_t bytes_max) {
  auto text = read_file(path, bytes_max);
  if (!text.ok()) return {};
  while (text->ends_with('\n')) text->pop_back();
  return std::move(text).value();
}

// In use while it is being used up; a machine without one is on mains.
Power power_state(const std::filesystem::path& supplies) {
  Power power = Power::kMains;
  std::error_code error;
  for (std::filesystem::directory_iterator at(supplies, error), end; !error && at != end;
       at.increment(error)) {
    if (text_of(at->path() / "type", kValueBytesMax) != "Battery") continue;
    if (text_of(at->path() / "scope", kValueBytesMax) == "Device") continue;  // of a mouse
    if (text_of(at->path() / "status", kValueBytesMax) != "Discharging") continue;
    const std::string capacity = text_of(at->path() / "capacity", kValueBytesMax);
    int percent = 0;
    std::from_chars(capacity.data(), capacity.data() + capacity.size(), percent);
    const Power of_one = percent < kLowBatteryPercent ? Power::kLow : Power::kBattery;
    power = std::max(power, of_one);
  }
  return power;
}

}  // namespace

MachineState read_machine_state(const std::filesystem::path& root) {
  const auto net = root / "proc/self/net";
  MachineState state;
  const bool is_online = has_route_v4(text_of(net / "route", kTableBytesMax)) ||
                         has_route_v6(text_of(net / "ipv6_route", kTableBytesMax));
  state.network = is_online ? Network::kOnline : Network::kOffline;
  state.power = power_state(root / "sys/class/power_supply");
  return state;
}

}  // namespace hearth
