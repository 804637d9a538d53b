"""What can be wrong between a policy and a database: a file per topic. No I/O."""
