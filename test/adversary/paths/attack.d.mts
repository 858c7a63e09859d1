export function attack(input: object): string;
