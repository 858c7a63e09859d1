for bin in /usr/lib/postgresql/*/bin; do :; done
cd "$DIR"
as() { if [ "$(id -u)" = 0 ]; then setpriv --reuid nobody --clear-groups "$@"; else "$@"; fi; }
as "$bin/initdb" -A trust -N -D "$DIR/data" >/dev/null &&
  as "$bin/pg_ctl" -s -w -D "$DIR/data" -l "$DIR/log" -o "-k $DIR -c listen_addresses= -c fsync=off" start
as "$bin/psql" -h "$DIR" -d postgres -Atc \
  'create table t as select generate_series(1, 1000) n; select sum(n) from t'
as "$bin/pg_ctl" -s -w -D "$DIR/data" -m fast stop
