// SPDX-License-Identifier: Apache-2.0
#include "cli/commands.h"

namespace hearth {

std::vector<std::unique_ptr<Command>> make_commands() {
  std::vector<std::unique_ptr<Command>> commands;
  commands.push_back(make_run_command());
  commands.push_back(make_chat_command());
  commands.push_back(make_serve_command());
  commands.push_back(make_embed_command());
  commands.push_back(make_tokenize_command());
  commands.push_back(make_inspect_command());
  commands.push_back(make_bench_command());
  commands.push_back(make_eval_perplexity_command());
  commands.push_back(make_eval_kl_command());
  commands.push_back(make_eval_logits_command());
  commands.push_back(make_eval_task_command());
  commands.push_back(make_eval_guard_command());
  commands.push_back(make_test_command());
  commands.push_back(make_redact_command());
  commands.push_back(make_restore_command());
  commands.push_back(make_import_command());
  commands.push_back(make_create_command());
  commands.push_back(make_ls_command());
  commands.push_back(make_show_command());
  commands.push_back(make_rm_command());
  commands.push_back(make_prepare_command());
  commands.push_back(make_policy_check_command());
  commands.push_back(make_route_explain_command());
  commands.push_back(make_route_log_command());
  commands.push_back(make_route_stats_command());
  commands.push_back(make_route_grade_command());
  commands.push_back(make_route_calibrate_command());
  commands.push_back(make_route_evaluate_command());
  commands.push_back(make_ledger_show_command());
  commands.push_back(make_ledger_verify_command());
  commands.push_back(make_forget_command());
  commands.push_back(make_telemetry_status_command());
  commands.push_back(make_telemetry_on_command());
  commands.push_back(make_telemetry_off_command());
  commands.push_back(make_telemetry_preview_command());
  commands.push_back(make_telemetry_send_command());
  commands.push_back(make_doctor_command());
  commands.push_back(make_completions_command());
  return commands;
}

}  // namespace hearth
