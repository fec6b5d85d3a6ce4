// SPDX-License-Identifier: Apache-2.0
// Writes the tiny model of src/engine/test_model.h to the path given, for tests that are C.
#include "engine/test_model.h"

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  hearth::write_test_model(argv[1]);
  return 0;
}
