cd "$DIR"
echo page >page
{
  echo "pid $DIR/pid; error_log $DIR/error; worker_processes 2;"
  echo "events {}"
  echo "http { access_log off; client_body_temp_path $DIR/b; proxy_temp_path $DIR/p; fastcgi_temp_path $DIR/f;"
  echo "uwsgi_temp_path $DIR/u; scgi_temp_path $DIR/s; server { listen unix:$DIR/socket; root $DIR; } }"
} >conf
# The FIFO ends with the last process of the daemon.
mkfifo running
cat running &
nginx -e "$DIR/error" -c "$DIR/conf" 3>running && curl -s --unix-socket "$DIR/socket" http://localhost/page
nginx -e "$DIR/error" -c "$DIR/conf" -s quit
wait $!
