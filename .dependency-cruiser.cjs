/** The direction of imports: cli → temporal client → workflows → (types only) activities → src/* → src/domain. */
module.exports = {
  forbidden: [
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'domain-is-pure',
      comment: 'src/domain runs inside the workflow sandbox: no node:*, no packages, nothing outside itself',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: '^src/domain/' },
    },
    {
      name: 'shared-words-know-no-subject',
      comment: 'what lies in src/domain itself serves the folders there, never the other way round',
      severity: 'error',
      from: { path: '^src/domain/[^/]+$' },
      to: { path: '^src/domain/[^/]+/' },
    },
    {
      name: 'workflows-are-deterministic',
      comment: 'a workflow may import the Temporal workflow SDK, the domain, other workflows, and activity types',
      severity: 'error',
      from: { path: '^workflows/' },
      to: {
        pathNot: '^(workflows/|src/domain/|node_modules/@temporalio/(workflow|common)/)',
        dependencyTypesNot: ['type-only'],
      },
    },
    {
      name: 'work-knows-nothing-of-temporal',
      comment: 'what does the work can be tested and used without Temporal',
      severity: 'error',
      from: { path: '^src/(files|stream|postgres|repository|alerting|monitoring|metrics|config|domain)/' },
      to: { path: '^(node_modules/@temporalio/|src/temporal/|src/cli/|workflows/|activities/)' },
    },
    {
      name: 'files-and-streams-know-no-repository',
      comment: 'reading, writing and compressing stand below what is stored, and below what PostgreSQL is asked',
      severity: 'error',
      from: { path: '^src/(files|stream)/' },
      to: { path: '^src/(postgres|repository|alerting|monitoring|metrics|config)/' },
    },
    {
      name: 'activities-know-no-workflow',
      severity: 'error',
      from: { path: '^activities/' },
      to: { path: '^(workflows/|src/cli/|src/temporal/)' },
    },
    {
      name: 'only-cli-imports-cli',
      severity: 'error',
      from: { pathNot: '^src/cli/' },
      to: { path: '^src/cli/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'require', 'node', 'default'] },
  },
};
