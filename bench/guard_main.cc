// SPDX-License-Identifier: Apache-2.0
// How fast the guard reads, on one thread: guard_bench prints megabytes a second of processor time
// for texts of several kinds, and for what an attacker might repeat.
#include <algorithm>
#include <cstdio>
#include <ctime>
#include <string>
#include <vector>

#include "guard/guard.h"
#include "guard/normalize.h"

namespace hearth {
namespace {

constexpr std::size_t kTextBytes = 8 << 20;
constexpr int kRounds = 3;

std::string repeated(std::string_view piece) {
  std::string text;
  text.reserve(kTextBytes + piece.size());
  while (text.size() < kTextBytes) text += piece;
  return text;
}

struct Sample {
  const char* name;
  std::string text;
};

std::vector<Sample> samples() {
  return {
      {"prose",
       repeated("It was late when the train stopped at the small station, and nobody got off. The "
                "lamps along "
                "the platform were out, but somebody had left a door open, and from behind it came "
                "the smell of "
                "coffee. He asked the driver how long they would stay here; he did not know.\n")},
      {"letter", repeated("Dear Anna Schmidt, we have received your order 48213 of 12 March. It "
                          "goes to Lange Straße 5, "
                          "10115 Berlin. Call us at +49 30 901820 or write to service@example.com "
                          "if anything is wrong. "
                          "The sum will be taken from DE89 3704 0044 0532 0130 00.\n")},
      {"code", repeated("  for (std::size_t i = 0; i < rows.size(); ++i) {\n    total += "
                        "rows[i].value * 0x1f; // see "
                        "http://example.com/a/b?x=1\n  }\n")},
      {"Polish", repeated("Było już późno, gdy pociąg zatrzymał się na małej stacji, i nikt nie "
                          "wysiadł. Lampy wzdłuż peronu "
                          "nie świeciły, ale ktoś zostawił otwarte drzwi.\n")},
      {"Japanese", repeated("列車が小さな駅に止まったのは遅い時間だった。誰も降りなかった。")},
      {"only a", repeated("a")},
      {"only digits", repeated("1 ")},
      {"only at signs", repeated("a@")},
      {"only colons", repeated("0:")},
      {"only names", repeated("Smith, ")},
  };
}

template <typename Work>
double megabytes_per_second(const std::string& text, Work work) {
  double best = 0.0;
  for (int round = 0; round < kRounds; ++round) {
    const std::clock_t start = std::clock();
    work();
    const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    best = std::max(best, static_cast<double>(text.size()) / 1e6 / std::max(seconds, 1e-9));
  }
  return best;
}

}  // namespace
}  // namespace hearth

int main() {
  using namespace hearth;  // NOLINT: a program of its own
  const Guard guard;
  std::size_t found = 0;
  std::printf("%-14s %12s %12s\n", "text", "find MB/s", "normal MB/s");
  for (const Sample& sample : samples()) {
    const double find =
        megabytes_per_second(sample.text, [&] { found += guard.find(sample.text).size(); });
    const double normal = megabytes_per_second(
        sample.text, [&] { found += NormalizedText(sample.text).text().size(); });
    std::printf("%-14s %12.1f %12.1f\n", sample.name, find, normal);
  }
  return found == 0 ? 1 : 0;
}
