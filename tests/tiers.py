"""Which tests `pytest` alone runs, and which wait for `-m`: CONTRIBUTING.md has the commands."""

from __future__ import annotations

QUICK = "not (browser or cell or deployment or slow) or smoke"
"""What pyproject.toml passes to `-m`."""

TIERS = {
    "browser/": "browser",
    "clients/": "deployment",
    "clients/test_ag_ui.py": "cell",
    "clients/test_signed.py": "browser",
    "deployment/": "deployment",
    "end_to_end/": "slow",
    "end_to_end/test_another_framework.py": "cell",
    "end_to_end/test_cells.py": "cell",
    "end_to_end/test_types.py": "cell",
    "end_to_end/test_updates.py": "cell",
    "template/test_renders.py::test_any_two_answers_go_together": "slow",
    "template/test_renders.py::test_only_the_chosen_tools_are_there": "slow",
    "template/test_examples.py::test_a_command_of_the_index_makes_a_project": "slow",
    "tool/test_bundle.py::test_plain_copier_updates": "slow",
    "tool/test_command.py::test_verbose_reaches_the_processes_of_a_fleet": "slow",
    "tool/test_batch.py::test_no_failure_stops_another": "slow",
    "tool/test_never_run.py::test_git_in_disguise": "slow",
    "tool/test_prompts.py": "slow",
    "tool/test_release.py::test_no_file_of_this_template_moved_unrecorded": "slow",
    "tool/test_surroundings.py::test_settings_change_nothing": "slow",
    "tool/test_try.py": "slow",
    "tool/test_update_property.py": "slow",
    "tool/test_update_refusals.py::test_what_git_does_not_know_is_in_the_way": "slow",
    "tool/test_wheel.py": "slow",
    "tool/test_worktree.py::test_a_disk_that_is_full": "slow",
}
"""The tier of what begins so; the longest beginning decides. What is not here is quick."""

SMOKE = [
    "browser/test_web.py::test_text_grows_while_it_streams",
    "clients/test_third_party.py::test_the_readmes_curl_shows_events_as_they_happen[http]",
    "deployment/test_deploy.py::test_deploying_ends_with_an_answer_and_deploying_again_does_nothing",
    "end_to_end/test_cells.py::test_a_project_with_nothing_chosen_passes_its_own_tests",
    "end_to_end/test_main_job.py::test_a_session_remembers_and_two_share_nothing",
    "end_to_end/test_main_job.py::test_the_answer_streams_with_its_tool_calls",
    "end_to_end/test_main_job.py::test_the_chat_prints_the_answer",
    "end_to_end/test_readme.py::test_the_gate_runs_the_command_for_the_tests",
    "template/test_renders.py::test_only_the_chosen_tools_are_there[none-http]",
    "template/test_renders.py::test_only_the_chosen_tools_are_there[weather+time+calculator-ag-ui]",
    "tool/test_never_run.py::test_git_in_disguise[.GIT]",
    "tool/test_prompts.py::test_enter_takes_every_default_and_writes_what_was_shown",
    "tool/test_surroundings.py::test_settings_change_nothing[submodule]",
    "tool/test_update_refusals.py::test_what_git_does_not_know_is_in_the_way[deep-file-True]",
    "tool/test_wheel.py::test_sdist_and_wheel_carry_the_same_bundle",
]
"""Tests of a tier that run with the quick ones: one or a few of each kind."""


def marks(test: str) -> list[str]:
    """The marks of a test, which is named as in `SMOKE`."""
    tier = max((beginning for beginning in TIERS if test.startswith(beginning)), key=len, default="")
    return [*([TIERS[tier]] if tier else []), *(["smoke"] if test in SMOKE else [])]


def stale(tests: list[str]) -> list[str]:
    """What the tables name and no test is called."""
    beginnings = [beginning for beginning in TIERS if not any(test.startswith(beginning) for test in tests)]
    return [*beginnings, *(test for test in SMOKE if test not in tests)]
