import hashlib, json, subprocess, threading

thread = threading.Thread(target=lambda: print(hashlib.sha256(b"x").hexdigest()))
thread.start()
thread.join()
print(json.dumps({"out": subprocess.check_output(["echo", "child"], text=True)}))
