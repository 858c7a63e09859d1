// Imported to test whether Node can import a file at all.
