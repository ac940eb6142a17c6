"""Lists for supervisors and planners: gaps, who is responsible, and what is asked of areas."""
