// SPDX-License-Identifier: Apache-2.0
#include "controller/machine_state.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/test_folder.h"

namespace hearth {
namespace {

class MachineStateTest : public testing::Test {
 protected:
  void write(const std::filesystem::path& path, std::string_view text) {
    const auto file = folder_.path() / path;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file) << text;
  }
  MachineState read() { return read_machine_state(folder_.path()); }

  TestFolder folder_;
};

TEST_F(MachineStateTest, WhatCannotBeReadIsOffline) {
  EXPECT_EQ(read().network, Network::kOffline);
  EXPECT_EQ(read().power, Power::kMains);
}

TEST_F(MachineStateTest, ARouteToOthersIsOnline) {
  constexpr std::string_view kHeading = "Iface\tDestination\tGateway\n";
  write("proc/self/net/route", kHeading);
  EXPECT_EQ(read().network, Network::kOffline);
  write("proc/self/net/route", std::string(kHeading) + "lo\t0000007F\t00000000\n");
  EXPECT_EQ(read().network, Network::kOffline);
  write("proc/self/net/route", std::string(kHeading) + "eth0\t00000000\t010011AC\n");
  EXPECT_EQ(read().network, Network::kOnline);
}

TEST_F(MachineStateTest, LinkLocalRoutesLeadNowhere) {
  write("proc/self/net/ipv6_route",
        "00000000000000000000000000000001 80 00 00       lo\n"
        "fe800000000000000000000000000000 40 00 00     eth0\n"
        "ff000000000000000000000000000000 08 00 00     eth0\n");
  EXPECT_EQ(read().network, Network::kOffline);
  write("proc/self/net/ipv6_route", "20010db8000000000000000000000000 40 00 00     eth0\n");
  EXPECT_EQ(read().network, Network::kOnline);
}

TEST_F(MachineStateTest, BatteriesCountWhileTheyAreUsedUp) {
  write("sys/class/power_supply/AC/type", "Mains\n");
  write("sys/class/power_supply/BAT0/type", "Battery\n");
  write("sys/class/power_supply/BAT0/capacity", "55\n");
  write("sys/class/power_supply/BAT0/status", "Charging\n");
  EXPECT_EQ(read().power, Power::kMains);
  write("sys/class/power_supply/BAT0/status", "Discharging\n");
  EXPECT_EQ(read().power, Power::kBattery);
  write("sys/class/power_supply/BAT0/capacity", "19\n");
  EXPECT_EQ(read().power, Power::kLow);
  write("sys/class/power_supply/BAT0/scope", "Device\n");
  EXPECT_EQ(read().power, Power::kMains);
}

}  // namespace
}  // namespace hearth
