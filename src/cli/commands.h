// SPDX-License-Identifier: Apache-2.0
// One maker for each command; commands.cc lists them in the order of help.
#pragma once

#include <memory>

#include "cli/command.h"

namespace hearth {

std::unique_ptr<Command> make_run_command();
std::unique_ptr<Command> make_chat_command();
std::unique_ptr<Command> make_serve_command();
std::unique_ptr<Command> make_tokenize_command();
std::unique_ptr<Command> make_inspect_command();
std::unique_ptr<Command> make_bench_command();
std::unique_ptr<Command> make_embed_command();
std::unique_ptr<Command> make_eval_perplexity_command();
std::unique_ptr<Command> make_eval_kl_command();
std::unique_ptr<Command> make_eval_logits_command();
std::unique_ptr<Command> make_eval_task_command();
std::unique_ptr<Command> make_test_command();
std::unique_ptr<Command> make_eval_guard_command();
std::unique_ptr<Command> make_redact_command();
std::unique_ptr<Command> make_restore_command();
std::unique_ptr<Command> make_ledger_show_command();
std::unique_ptr<Command> make_ledger_verify_command();
std::unique_ptr<Command> make_telemetry_status_command();
std::unique_ptr<Command> make_telemetry_on_command();
std::unique_ptr<Command> make_telemetry_off_command();
std::unique_ptr<Command> make_telemetry_preview_command();
std::unique_ptr<Command> make_telemetry_send_command();
std::unique_ptr<Command> make_forget_command();
std::unique_ptr<Command> make_policy_check_command();
std::unique_ptr<Command> make_route_explain_command();
std::unique_ptr<Command> make_route_log_command();
std::unique_ptr<Command> make_route_stats_command();
std::unique_ptr<Command> make_route_grade_command();
std::unique_ptr<Command> make_route_calibrate_command();
std::unique_ptr<Command> make_route_evaluate_command();
std::unique_ptr<Command> make_doctor_command();
std::unique_ptr<Command> make_import_command();
std::unique_ptr<Command> make_create_command();
std::unique_ptr<Command> make_ls_command();
std::unique_ptr<Command> make_show_command();
std::unique_ptr<Command> make_rm_command();
std::unique_ptr<Command> make_prepare_command();
std::unique_ptr<Command> make_completions_command();

}  // namespace hearth
