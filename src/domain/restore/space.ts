/** Room for a restored database on the server's disk, as far as it can be known from here. */
export interface RestoreSpace {
  /** The size the backup's database had; null where the backup's metadata does not tell. */
  neededBytes: number | null;
  freeBytes: number | null;
  /** Why one of them is not known; null when both are. */
  unknownBecause: string | null;
}

/** Whether it is known that there is too little room, once `reclaimedBytes` of what is there are gone. */
export function isTooLittle({ neededBytes, freeBytes }: RestoreSpace, reclaimedBytes = 0): boolean {
  return neededBytes !== null && freeBytes !== null && freeBytes + reclaimedBytes < neededBytes;
}
