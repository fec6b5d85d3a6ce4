// SPDX-License-Identifier: Apache-2.0
#include "base/cpu_quota.h"

#include <gtest/gtest.h>

#include <fstream>

#include "base/test_folder.h"

namespace hearth {
namespace {

class CpuQuotaTest : public testing::Test {
 protected:
  void put(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((folder_.path() / path).parent_path());
    std::ofstream(folder_.path() / path) << text;
  }
  std::optional<double> quota() const {
    return cpu_quota(folder_.path() / "membership", folder_.path() / "groups");
  }
  const TestFolder folder_;
};

TEST_F(CpuQuotaTest, NoneWhereNothingSaysSo) {
  EXPECT_EQ(quota(), std::nullopt);
  put("membership", "0::/\n");
  EXPECT_EQ(quota(), std::nullopt);
  put("groups/cpu.max", "max 100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  put("groups/cpu.max", "x");
  EXPECT_EQ(quota(), std::nullopt);
  put("groups/cpu.max", "100000 0\n");
  EXPECT_EQ(quota(), std::nullopt);
}

TEST_F(CpuQuotaTest, OfTheGroupItself) {
  put("membership", "0::/\n");
  put("groups/cpu.max", "150000 100000\n");
  EXPECT_EQ(quota(), 1.5);
}

TEST_F(CpuQuotaTest, TheLeastOfThoseAround) {
  put("membership", "0::/system.slice/hearth.service\n");
  put("groups/system.slice/hearth.service/cpu.max", "max 100000\n");
  put("groups/system.slice/cpu.max", "200000 100000\n");
  EXPECT_EQ(quota(), 2.0);
  put("groups/system.slice/hearth.service/cpu.max", "50000 100000\n");
  EXPECT_EQ(quota(), 0.5);
}

TEST_F(CpuQuotaTest, OfTheFirstVersion) {
  put("membership", "9:name=systemd:/\n3:cpuset:/a\n2:cpu,cpuacct:/a/b\n0::/\n");
  put("groups/cpu/a/b/cpu.cfs_quota_us", "-1\n");
  put("groups/cpu/a/b/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), std::nullopt);
  put("groups/cpu/a/cpu.cfs_quota_us", "300000\n");
  put("groups/cpu/a/cpu.cfs_period_us", "100000\n");
  EXPECT_EQ(quota(), 3.0);
}

}  // namespace
}  // namespace hearth
