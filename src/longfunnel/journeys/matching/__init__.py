"""How what ads cost meets the visits and leads that they brought: by ids, templates of links and rules, purely."""
