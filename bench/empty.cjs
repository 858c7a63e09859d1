// What a Node that has nothing to do runs.
