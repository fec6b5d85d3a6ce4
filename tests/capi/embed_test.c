// SPDX-License-Identifier: Apache-2.0
// Embeddings of the tiny model that the first argument names.
#include <math.h>

#include "check.h"

enum { kSize = 64 };

static void embed(hearth_model* model, const char* text, const hearth_embed_options* options,
                  float* values) {
  size_t count = 0;
  CHECK_OK(hearth_model_embed(model, text, HEARTH_NUL_TERMINATED, options, values, kSize, &count));
  CHECK(count == kSize);
}

static double dot(const float* a, const float* b) {
  double sum = 0.0;
  for (int i = 0; i < kSize; ++i) sum += (double)a[i] * (double)b[i];
  return sum;
}

static void vectors(hearth_model* model) {
  hearth_embed_options options;
  float hello[kSize];
  float again[kSize];
  float other[kSize];
  float own[kSize];
  float last[kSize];
  embed(model, "hello", NULL, hello);
  embed(model, "hello", NULL, again);
  embed(model, "the other", NULL, other);
  CHECK(memcmp(hello, again, sizeof hello) == 0);
  CHECK(fabs(dot(hello, hello) - 1.0) < 1e-5 && fabs(dot(other, other) - 1.0) < 1e-5);
  CHECK(dot(hello, other) < 0.999);
  // The model's own length is another, the direction is the same.
  CHECK_OK(hearth_embed_options_init(&options, sizeof options));
  options.length = HEARTH_LENGTH_OWN;
  embed(model, "hello", &options, own);
  const double length = sqrt(dot(own, own));
  CHECK(fabs(length - 1.0) > 1e-3 && fabs(dot(own, hello) / length - 1.0) < 1e-5);
  // Of one token, pooling makes no difference; of several it does.
  CHECK_OK(hearth_embed_options_init(&options, sizeof options));
  options.pooling = HEARTH_POOLING_LAST;
  embed(model, "hello", &options, last);
  CHECK(memcmp(hello, last, sizeof hello) == 0);
  embed(model, "the other", &options, last);
  CHECK(dot(other, last) < 0.999);
  options.pooling = HEARTH_POOLING_CLS;
  embed(model, "the other", &options, own);
  CHECK(dot(own, last) < 0.999 && dot(own, other) < 0.999);
}

static void bad_input(hearth_model* model) {
  hearth_embed_options options;
  float values[kSize] = {0};
  size_t count = 0;
  CHECK_OK(hearth_model_embed(model, "a", 1, NULL, NULL, 0, &count));
  CHECK(count == kSize);
  CHECK_FAILS(hearth_model_embed(NULL, "a", 1, NULL, values, kSize, &count), HEARTH_USAGE,
              "is NULL");
  CHECK_FAILS(hearth_model_embed(model, NULL, 1, NULL, values, kSize, &count), HEARTH_USAGE,
              "text: is NULL");
  CHECK_FAILS(hearth_model_embed(model, "", 0, NULL, values, kSize, &count), HEARTH_USAGE, "");
  CHECK_FAILS(hearth_model_embed(model, "a", 1, NULL, NULL, kSize, &count), HEARTH_USAGE,
              "values: is NULL");
  CHECK_FAILS(hearth_model_embed(model, "a", 1, NULL, values, kSize - 1, &count), HEARTH_USAGE,
              "values: room for 63 where 64 are needed");
  CHECK_FAILS(hearth_model_embed(model, "a", 1, NULL, values, kSize, NULL), HEARTH_USAGE,
              "count: is NULL");
  CHECK_OK(hearth_embed_options_init(&options, sizeof options));
  options.pooling = 4;
  CHECK_FAILS(hearth_model_embed(model, "a", 1, &options, values, kSize, &count), HEARTH_USAGE,
              "pooling: 4");
  options.pooling = 0;
  options.length = -1;
  CHECK_FAILS(hearth_model_embed(model, "a", 1, &options, values, kSize, &count), HEARTH_USAGE,
              "length: -1");
  options.length = 0;
  options.reserved = 1;
  CHECK_FAILS(hearth_model_embed(model, "a", 1, &options, values, kSize, &count),
              HEARTH_UNSUPPORTED, "reserved: is set");
  CHECK(values[0] == 0.0f);
}

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  hearth_model* const model = load_model(argv[1]);
  vectors(model);
  bad_input(model);
  CHECK_OK(hearth_model_unload(model));
  return checks_done();
}
