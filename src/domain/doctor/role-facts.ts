/** What the role of a cluster's connection may do there. */
export interface RoleFacts {
  role: string;
  isSuperuser: boolean;
  mayCreateDatabases: boolean;
  mayCreateRoles: boolean;
  mayReplicate: boolean;
  bypassesRowSecurity: boolean;
  /** A member of these of PostgreSQL's own roles. */
  readsAllData: boolean;
  signalsBackends: boolean;
  /** Databases that accept connections and are no template. */
  databases: DatabaseSight[];
}

/** One database as the role sees it. */
export interface DatabaseSight {
  name: string;
  owner: string;
  /** Membership in such a role would make a superuser. */
  isOwnerSuperuser: boolean;
  /** Whether the role has the owner's rights. */
  isOwned: boolean;
  /** Null where the role may not know. */
  sizeBytes: number | null;
  /** Why the role can't look inside; null where it can. */
  closedBecause: string | null;
  unreadable: Sample;
  /** Tables whose row security would keep rows from this role. */
  rowSecurity: Sample;
  /** Large objects that the role may not read. */
  largeObjects: number;
}

/** How many there are, and one of them. */
export interface Sample {
  count: number;
  /** Quoted for SQL where need be; empty where there is none. */
  first: string;
}
