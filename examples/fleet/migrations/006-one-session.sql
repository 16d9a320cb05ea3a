-- Fails where somebody has two sessions: see --fail.
create unique index user_sessions_by_user on user_sessions (tenant_id, user_name);
