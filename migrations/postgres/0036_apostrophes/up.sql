-- Apostrophes are no part of what people are found by: `Y' Bih`, which phones write `Y’ Bih`. Goes once past all people:
-- some seconds a million.
update persons set search_name = replace(replace(search_name, '''', ''), '’', '')
where search_name like '%''%' or search_name like '%’%';
