//! The tables as diesel sees them, the same for both databases.
//!
//! Small codes are 16-bit and instants 64-bit on both; SQLite stores each in the bytes it needs.

use diesel::{allow_tables_to_appear_in_same_query, table};

table! {
    settings (key) {
        key -> Text,
        value -> Text,
    }
}

table! {
    units (id) {
        id -> Integer,
        code -> Text,
        level -> SmallInt,
        kind -> Text,
        name -> Text,
        parent_id -> Nullable<Integer>,
        statistical_code -> Nullable<Text>,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        office_hours -> Nullable<Text>,
        mountain -> Bool,
        address -> Nullable<Text>,
        phone -> Nullable<Text>,
    }
}

table! {
    unit_successions (unit_id, successor_id) {
        unit_id -> Integer,
        successor_id -> Integer,
        share -> Text,
        effective_on -> Date,
    }
}

table! {
    calendar_days (day) {
        day -> Date,
        kind -> Text,
        name -> Text,
        source -> Nullable<Text>,
        document -> Nullable<Text>,
    }
}

table! {
    fields (id) {
        id -> Integer,
        name -> Text,
        portal_code -> Nullable<Text>,
    }
}

table! {
    procedures (id) {
        id -> Integer,
        code -> Text,
        field_id -> Integer,
        valid_from -> Date,
        valid_to -> Nullable<Date>,
        definition -> Text,
        said_to -> Nullable<Date>,
    }
}

table! {
    users (id) {
        id -> Integer,
        username -> Text,
        full_name -> Text,
        role -> Text,
        unit_id -> Integer,
        password_hash -> Nullable<Text>,
        oidc_subject -> Nullable<Text>,
        disabled_at -> Nullable<BigInt>,
        email -> Nullable<Text>,
        must_change_password -> Bool,
    }
}

table! {
    sessions (token_hash) {
        token_hash -> Binary,
        id -> Binary,
        user_id -> Integer,
        created_at -> BigInt,
        expires_at -> BigInt,
        address -> Text,
        agent -> Text,
    }
}

table! {
    devices (token_hash) {
        token_hash -> Binary,
        user_id -> Integer,
        used_at -> BigInt,
    }
}

table! {
    deputies (id) {
        id -> Binary,
        principal_id -> Integer,
        deputy_id -> Integer,
        valid_from -> Date,
        valid_to -> Date,
        named_by -> Integer,
        named_at -> BigInt,
        ended_at -> Nullable<BigInt>,
    }
}

table! {
    privacy_requests (id) {
        id -> Binary,
        unit_id -> Integer,
        dossier_id -> Binary,
        person_id -> Binary,
        what -> SmallInt,
        note -> Text,
        received_at -> BigInt,
        received_by -> Integer,
        answer_by -> BigInt,
        done_by -> BigInt,
        answered_at -> Nullable<BigInt>,
        settled_at -> Nullable<BigInt>,
        settled_by -> Nullable<Integer>,
        refusal -> Nullable<Text>,
    }
}

table! {
    attempts (key) {
        key -> Text,
        counts_to -> BigInt,
    }
}

table! {
    oidc_logins (state_hash) {
        state_hash -> Binary,
        verifier -> Text,
        nonce -> Text,
        expires_at -> BigInt,
    }
}

table! {
    drafts (user_id, form_key) {
        user_id -> Integer,
        form_key -> Text,
        place -> Text,
        fields -> Nullable<Text>,
        saved_at -> BigInt,
        expires_at -> BigInt,
    }
}

table! {
    idempotency_keys (scope, key) {
        scope -> Text,
        key -> Text,
        request_hash -> Binary,
        made -> Text,
        created_at -> BigInt,
    }
}

table! {
    unannounced_events (id) {
        id -> BigInt,
        dossier_id -> Binary,
        sequence -> Integer,
    }
}

table! {
    outbox (id) {
        id -> Binary,
        kind -> Text,
        topic -> Text,
        recipient -> Text,
        body -> Text,
        dossier_id -> Nullable<Binary>,
        position -> Nullable<Integer>,
        once_key -> Nullable<Text>,
        created_at -> BigInt,
        due_at -> Nullable<BigInt>,
        tries -> Integer,
        settled_at -> Nullable<BigInt>,
        outcome -> Nullable<SmallInt>,
        error -> Nullable<Text>,
        lease -> Nullable<BigInt>,
    }
}

table! {
    submissions (id) {
        id -> Binary,
        request -> Text,
        code_hash -> Binary,
        tries -> Integer,
        created_at -> BigInt,
        expires_at -> BigInt,
        dossier_id -> Nullable<Binary>,
    }
}

table! {
    payments (id) {
        id -> BigInt,
        transaction_id -> Text,
        case_number -> Text,
        amount_vnd -> BigInt,
        received_at -> BigInt,
        state -> SmallInt,
        reason -> Nullable<SmallInt>,
        dossier_id -> Nullable<Binary>,
        settled_at -> Nullable<BigInt>,
    }
}

table! {
    payment_acts (id) {
        id -> BigInt,
        payment_id -> BigInt,
        at -> BigInt,
        user_id -> Integer,
        kind -> SmallInt,
        reason -> Text,
    }
}

table! {
    dossier_notes (id) {
        id -> Binary,
        dossier_id -> Binary,
        at -> BigInt,
        user_id -> Integer,
        note -> Text,
    }
}

table! {
    saved_lists (id) {
        id -> Binary,
        user_id -> Integer,
        unit_id -> Nullable<Integer>,
        name -> Text,
        query -> Text,
        created_at -> BigInt,
    }
}

table! {
    list_settings (user_id) {
        user_id -> Integer,
        shown -> Text,
    }
}

table! {
    last_seen (dossier_id, user_id) {
        dossier_id -> Binary,
        user_id -> Integer,
        version -> Integer,
        at -> BigInt,
    }
}

table! {
    dossier_links (one_id, other_id) {
        one_id -> Binary,
        other_id -> Binary,
        kind -> SmallInt,
        at -> BigInt,
        user_id -> Integer,
    }
}

table! {
    text_blocks (id) {
        id -> Binary,
        unit_id -> Integer,
        purpose -> Text,
        procedure -> Nullable<Text>,
        title -> Text,
        body -> Text,
        changed_at -> BigInt,
        changed_by -> Integer,
        version -> Integer,
    }
}

table! {
    identity_readings (id) {
        id -> Binary,
        at -> BigInt,
        user_id -> Integer,
        dossier_id -> Binary,
        person_id -> Binary,
        what -> SmallInt,
    }
}

table! {
    reprints (dossier_id, form, copy) {
        dossier_id -> Binary,
        form -> SmallInt,
        copy -> Integer,
        at -> BigInt,
        user_id -> Integer,
    }
}

table! {
    plan_targets (year, name) {
        year -> Integer,
        name -> Text,
        amount -> Integer,
    }
}

table! {
    feedback (id) {
        id -> Binary,
        unit_id -> Integer,
        received_at -> BigInt,
        handled_at -> Nullable<BigInt>,
        kind -> SmallInt,
        content -> Nullable<Text>,
        dossier_id -> Nullable<Binary>,
        sender_name -> Nullable<Text>,
        sender_phone -> Nullable<Text>,
        sender_email -> Nullable<Text>,
        code_hash -> Nullable<Binary>,
        due_at -> Nullable<BigInt>,
        assignee_id -> Nullable<Integer>,
        answer -> Nullable<Text>,
        answered_by -> Nullable<Integer>,
        published_at -> Nullable<BigInt>,
        public_content -> Nullable<Text>,
        public_answer -> Nullable<Text>,
        version -> Integer,
    }
}

table! {
    satisfaction (dossier_id) {
        dossier_id -> Binary,
        rating -> SmallInt,
        comment -> Nullable<Text>,
        at -> BigInt,
        unit_id -> Integer,
        procedure_id -> Integer,
        officer_id -> Nullable<Integer>,
        at_desk -> Bool,
    }
}

table! {
    persons (id) {
        id -> Binary,
        name -> Text,
        identity_kind -> Nullable<SmallInt>,
        identity -> Nullable<Text>,
        identity_key -> Nullable<BigInt>,
        phone -> Nullable<Text>,
        email -> Nullable<Text>,
        address -> Nullable<Text>,
        search_name -> Nullable<Text>,
        unit_id -> Nullable<Integer>,
        dossier_id -> Nullable<Binary>,
        notify_by -> Nullable<Text>,
        commitment_key -> Nullable<Binary>,
        receiving_id -> Nullable<Integer>,
        holder_id -> Nullable<Integer>,
        phone_key -> Nullable<Text>,
    }
}

table! {
    dossiers (id) {
        id -> Binary,
        case_number -> Text,
        procedure_id -> Integer,
        unit_id -> Integer,
        holder_id -> Integer,
        receiving_id -> Nullable<Integer>,
        channel -> SmallInt,
        return_channel -> SmallInt,
        applicant_id -> Binary,
        delegate_id -> Nullable<Binary>,
        status -> SmallInt,
        received_at -> Nullable<BigInt>,
        due_at -> Nullable<BigInt>,
        overdue -> Bool,
        appointment_at -> Nullable<BigInt>,
        step -> SmallInt,
        step_due_at -> Nullable<BigInt>,
        assignee_id -> Nullable<Integer>,
        decision -> Nullable<SmallInt>,
        outcome -> Nullable<SmallInt>,
        closed_at -> Nullable<BigInt>,
        returned_at -> Nullable<BigInt>,
        open_due_at -> Nullable<BigInt>,
        late_at -> Nullable<BigInt>,
        watch_at -> Nullable<BigInt>,
        version -> Integer,
        last_event_at -> BigInt,
        entered_at -> BigInt,
        area_id -> Nullable<Integer>,
        holder_area_id -> Nullable<Integer>,
        recorded_at -> BigInt,
        closed_in_id -> Nullable<Integer>,
    }
}

table! {
    dossier_events (dossier_id, sequence) {
        dossier_id -> Binary,
        sequence -> Integer,
        kind -> SmallInt,
        at -> BigInt,
        actor -> Integer,
        data -> Text,
        hash -> Binary,
        recorded_at -> Nullable<BigInt>,
    }
}

table! {
    case_counters (unit_id, day) {
        unit_id -> Integer,
        day -> Integer,
        last -> Integer,
    }
}

table! {
    tally_deltas (id) {
        id -> BigInt,
        day -> Integer,
        unit_id -> Integer,
        procedure_id -> Integer,
        channel -> SmallInt,
        received_direct -> BigInt,
        received_online -> BigInt,
        received_postal -> BigInt,
        early -> BigInt,
        on_time -> BigInt,
        overdue -> BigInt,
        crossed -> BigInt,
        moved -> BigInt,
        received_elsewhere -> BigInt,
        received_for_others -> BigInt,
        passed_on_late -> BigInt,
        refused -> BigInt,
        stopped -> BigInt,
        withdrawn -> BigInt,
        left_out -> BigInt,
        left_out_overdue -> BigInt,
    }
}

table! {
    late_tallies (id) {
        id -> BigInt,
        recorded_day -> Integer,
        day -> Integer,
        unit_id -> Integer,
        procedure_id -> Integer,
        channel -> SmallInt,
        received_direct -> BigInt,
        received_online -> BigInt,
        received_postal -> BigInt,
        early -> BigInt,
        on_time -> BigInt,
        overdue -> BigInt,
        crossed -> BigInt,
        moved -> BigInt,
        received_elsewhere -> BigInt,
        received_for_others -> BigInt,
        passed_on_late -> BigInt,
        refused -> BigInt,
        stopped -> BigInt,
        withdrawn -> BigInt,
        left_out -> BigInt,
        left_out_overdue -> BigInt,
    }
}

table! {
    rollups (dimension, grain, bucket, key, subkey) {
        dimension -> SmallInt,
        grain -> SmallInt,
        bucket -> Integer,
        key -> Integer,
        subkey -> Integer,
        received_direct -> Integer,
        received_online -> Integer,
        received_postal -> Integer,
        early -> Integer,
        on_time -> Integer,
        overdue -> Integer,
        crossed -> Integer,
        moved -> Integer,
        received_elsewhere -> Integer,
        received_for_others -> Integer,
        passed_on_late -> Integer,
        refused -> Integer,
        stopped -> Integer,
        withdrawn -> Integer,
        left_out -> Integer,
        left_out_overdue -> Integer,
    }
}

table! {
    tally_reversals (id) {
        id -> BigInt,
        day -> Integer,
        recorded_day -> Integer,
        origin_day -> Integer,
        unit_id -> Integer,
        procedure_id -> Integer,
        channel -> SmallInt,
        what -> SmallInt,
    }
}

table! {
    webhooks (id) {
        id -> Binary,
        unit_id -> Integer,
        url -> Text,
        kinds -> Text,
        secret -> Text,
        created_at -> BigInt,
        disabled_at -> Nullable<BigInt>,
        version -> Integer,
    }
}

table! {
    outbox_targets (kind, recipient) {
        kind -> Text,
        recipient -> Text,
        failures -> Integer,
        since -> BigInt,
        paused_until -> Nullable<BigInt>,
    }
}

table! {
    set_aside (work, dossier_id) {
        work -> Text,
        dossier_id -> Binary,
        passed_by -> Text,
        error -> Text,
        since -> BigInt,
        last_at -> BigInt,
        tries -> Integer,
        dismissed_at -> Nullable<BigInt>,
    }
}

table! {
    alarms (id) {
        id -> Binary,
        kind -> Text,
        subject -> Text,
        detail -> Text,
        raised_at -> BigInt,
    }
}

table! {
    jobs (id) {
        id -> Binary,
        kind -> Text,
        about -> Text,
        created_at -> BigInt,
        created_by -> Nullable<Integer>,
        started_at -> Nullable<BigInt>,
        finished_at -> Nullable<BigInt>,
        held_until -> BigInt,
        claims -> Integer,
        tries -> Integer,
        done -> BigInt,
        total -> BigInt,
        changed -> BigInt,
        place -> Nullable<Text>,
        error -> Nullable<Text>,
    }
}

table! {
    log_batches (first_index) {
        first_index -> BigInt,
        entries -> Binary,
    }
}

table! {
    log_nodes (level, place) {
        level -> SmallInt,
        place -> BigInt,
        hash -> Binary,
    }
}

table! {
    log_waiting (id) {
        id -> BigInt,
        subject -> Binary,
        hash -> Binary,
    }
}

table! {
    log_sealed_early (dossier_id, sequence) {
        dossier_id -> Binary,
        sequence -> Integer,
    }
}

table! {
    log_checkpoints (size, at) {
        size -> BigInt,
        at -> BigInt,
        note -> Text,
    }
}

table! {
    admin_acts (id) {
        id -> BigInt,
        at -> BigInt,
        actor -> Integer,
        kind -> Text,
        data -> Text,
    }
}

allow_tables_to_appear_in_same_query!(unannounced_events, dossier_events, log_sealed_early);
allow_tables_to_appear_in_same_query!(
    dossiers,
    dossier_events,
    persons,
    units,
    procedures,
    fields,
    users,
    sessions,
    payments,
    settings,
    attempts,
    satisfaction
);
allow_tables_to_appear_in_same_query!(dossiers, set_aside);
allow_tables_to_appear_in_same_query!(dossiers, outbox);
allow_tables_to_appear_in_same_query!(deputies, users);
