cd "$DIR"
mkfifo log
redis-server --port 0 --unixsocket "$DIR/socket" --dir "$DIR" --save '' >log &
server=$!
exec 3<log
while read -r line <&3; do
  case $line in *'eady to accept connections'*) break ;; esac
done
redis-cli -s "$DIR/socket" set key value
redis-cli -s "$DIR/socket" get key
redis-cli -s "$DIR/socket" bgsave >/dev/null
redis-cli -s "$DIR/socket" shutdown nosave
wait $server
