cd "$DIR"
echo page >page
mkfifo log
python3 -u -m http.server --bind 127.0.0.1 0 >log 2>/dev/null &
server=$!
read -r _ _ _ _ _ port _ <log # Serving HTTP on 127.0.0.1 port 8000 …
curl -s "http://127.0.0.1:$port/page"
kill $server
wait $server
true
