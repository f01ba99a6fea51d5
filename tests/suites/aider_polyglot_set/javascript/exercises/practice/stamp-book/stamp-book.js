export const pages = (stamps, width) => {
  throw new Error('Remove this statement and implement this function');
};

export function* mirrored(stamps) {
  throw new Error('Remove this statement and implement this function');
}
