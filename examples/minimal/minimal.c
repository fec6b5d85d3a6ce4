/* SPDX-License-Identifier: Apache-2.0 */
#include <hearth/hearth.h>
#include <stdio.h>

static int32_t print_piece(void* user, const char* text, size_t bytes) {
  fwrite(text, 1, bytes, user);
  return fflush(user); /* anything but 0 stops the answer */
}

int main(int argc, char** argv) {
  hearth_model* model = NULL;
  hearth_session* session = NULL;
  hearth_message question = {"user", HEARTH_NUL_TERMINATED, NULL, HEARTH_NUL_TERMINATED, NULL};
  hearth_generate_options options;
  int32_t tokens[4096];
  size_t count = 0;
  hearth_generate_options_init(&options, sizeof options);
  options.on_text = print_piece;
  options.user = stdout;
  options.tokens_max = 200;
  question.content = argc > 2 ? argv[2] : "Why does on-device AI matter?";
  if (hearth_model_load(argc > 1 ? argv[1] : "", NULL, &model) ||
      hearth_session_create(model, NULL, &session) ||
      hearth_chat_tokenize(model, &question, 1, NULL, tokens, 4096, &count) ||
      hearth_session_generate(session, tokens, count, &options, NULL)) {
    fprintf(stderr, "minimal: %s\n", hearth_last_error());
    return 1;
  }
  printf("\n");
  hearth_session_free(session);
  hearth_model_unload(model);
  return 0;
}
