//! The conformance suite: every test runs on SQLite and on PostgreSQL, on a store of its own. What only a server can do stands in `server`.

mod acts;
mod cases;
mod counted;
mod desk;
mod evidence;
mod faults;
mod found;
mod journal;
mod lists;
mod outbox;
mod private;
mod registers;
mod server;
mod world;

use world::{Kind, World};

#[test]
fn processes_share_one_server() {
    World::run(Kind::Postgres, async |world| acts::processes_share_one_server(world).await);
}

/// Runs each test on both databases.
macro_rules! on_both {
    ($($module:ident: $($test:ident),+ $(,)?;)*) => {
        mod sqlite {
            $($(#[test] fn $test() { super::World::run(super::Kind::Sqlite, async |world| super::$module::$test(world).await); })+)*
        }
        mod postgres {
            $($(#[test] fn $test() { super::World::run(super::Kind::Postgres, async |world| super::$module::$test(world).await); })+)*
        }
    };
}

on_both! {
    acts: a_command_is_carried_out_and_read_back, a_refused_command_leaves_the_batch_and_nothing_else,
        facts_that_changed_make_a_command_stale, a_retry_gets_the_first_answer_and_another_wish_is_refused,
        numbers_have_no_gaps_whatever_is_refused, a_claim_is_held_by_one_stream, work_for_after_the_commit_is_leased_once,
        many_clients_share_few_commits, a_panic_and_a_poisonous_command_stop_nobody_else,
        time_never_stands_still_or_runs_back, everything_is_there_after_a_restart, a_foreign_node_and_a_lower_term_are_refused;
    cases: a_number_that_another_record_has_is_refused_and_not_busy, rows_follow_their_case_from_application_to_delivery, a_certificate_is_found_by_number_and_code_and_printed_once,
        a_claimed_task_stands_in_one_inbox_and_comes_back, a_reminder_is_recorded_once_whoever_sends_it,
        sixty_four_clients_get_case_numbers_without_a_gap, a_manager_leads_one_site_and_no_certificate_number_is_lost,
        counters_equal_a_recount_and_the_lists_they_lead_to, a_timer_that_was_put_off_keeps_none_waiting_and_comes_back,
        a_number_is_of_the_day_of_its_entry, who_was_disabled_holds_no_post_that_is_reminded;
    faults: a_panic_of_the_writer_itself_is_a_fault_and_not_its_end, a_database_that_is_held_fails_all_at_once,
        who_saw_a_newer_primary_refuses_the_older_one, a_command_and_a_write_beside_it_make_one_key_for_a_subject,
        a_decision_takes_several_numbers_of_one_counter_without_a_gap,
        a_file_that_comes_in_after_its_subject_was_erased_is_not_kept, who_comes_after_the_end_is_told_so;
    found: two_characters_are_found_in_ones_own_region_and_nowhere_else, a_list_shows_each_case_once_while_others_are_added,
        whatever_stands_in_an_address_a_list_answers, no_stream_takes_the_row_of_another;
    evidence: an_erased_applicant_leaves_states_entries_and_proofs_as_they_were, no_table_holds_a_personal_value,
        each_defect_in_rows_of_cases_is_named, each_changed_byte_of_a_state_is_named, a_missing_entry_of_a_case_is_named,
        rows_and_counters_of_cases_are_built_again, cases_end_in_the_same_states_on_both_databases;
    journal: verify_finds_nothing_in_a_sound_store, verify_names_each_planted_defect, a_broken_arm_is_named,
        a_store_is_read_beside_the_process_that_works_on_it, receipts_prove_entries_without_the_store,
        rebuilding_gives_the_same_rows, the_same_seed_gives_the_same_states;
    lists: cases_are_paged_without_gap_or_repeat, no_list_leaks_beyond_its_scope, lights_are_counted_as_they_are_listed,
        the_inbox_shows_what_a_post_may_take, timers_and_counters_are_read, search_finds_what_a_substring_scan_finds;
    outbox: organisations_are_served_in_turn, what_waits_is_counted_and_a_dead_process_gives_it_back,
        a_message_that_was_given_up_is_tried_again_and_recorded_once;
    registers: records_are_found_by_typed_filters, records_are_paged_in_order, fields_that_are_not_declared_are_refused;
    private: values_are_sealed_and_erased_for_good, a_database_is_opened_with_its_own_keys_alone, drafts_belong_to_their_account, sessions_and_credentials,
        budgets_refill_after_their_window, files_are_named_after_they_are_stored, a_job_goes_on_from_where_it_was_and_once, catalogs_are_kept_once;
}
