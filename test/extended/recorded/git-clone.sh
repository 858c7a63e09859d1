cd "$DIR"
export HOME="$DIR" GIT_CONFIG_NOSYSTEM=1
git init -q a
cd a
echo text >file
git add file
git -c user.name=a -c user.email=a@b commit -qm first
cd ..
git clone -q a b
cat b/file
git -C b status --short
