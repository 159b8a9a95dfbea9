-- The national portal's own code of a field (MaLinhVuc, such as G03-GD10); empty where it is not known. An
-- instance of the version before does not read it. A column without a default rewrites nothing.
alter table fields add column portal_code text;
