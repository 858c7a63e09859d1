// Imported to see whether Node can import at all.
