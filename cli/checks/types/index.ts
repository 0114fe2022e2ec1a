export const CHECK_TYPES: any[] = [];
